"""Histories of synthetic days, shared by the tests of reports."""

from datetime import timedelta
from pathlib import Path

import pytest
from report_day import DAY, OUTAGE, SETTINGS, ZONE
from synthetic import Place
from synthetic_history import digest, fill

from monitor.store.history import History


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
