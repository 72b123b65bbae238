"""Histories of synthetic days, shared by the tests of reports."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from synthetic import Place
from synthetic_history import digest, fill

from monitor.report import Span
from monitor.settings import NodeSettings, ReportSettings, Settings
from monitor.store.history import History

ZONE = ZoneInfo("Europe/Amsterdam")
SETTINGS = Settings(
    node=NodeSettings(place="Bandstand <Westerpark>", time_zone=ZONE.key, site="demo", name="bandstand"),
    report=ReportSettings(limit_laeq_db=55.0),
)
DAY = Span.day(date(2026, 5, 8), ZONE)
OUTAGE = (DAY.start + timedelta(hours=13, minutes=20), DAY.start + timedelta(hours=14, minutes=10))
MADE = datetime(2026, 5, 9, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def park(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A whole day of a calibrated park with an outage of 50 min."""
    history = History(tmp_path_factory.mktemp("park") / "history.db", SETTINGS.aggregate, ZONE.key)
    history.note("boot", {"calibration": "94 dB at 1000 Hz, 2026-03-02, SN M-1042"}, DAY.start - timedelta(days=50))
    fill(history, Place("park", 3), DAY.start, DAY.end, [OUTAGE])
    history.add(digest(DAY.start, DAY.end))
    return history


@pytest.fixture
def empty(tmp_path: Path) -> History:
    return History(tmp_path / "history.db", SETTINGS.aggregate, ZONE.key)
