"""What is usual rests on one scale: a calibration makes levels of before and after incomparable."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.records import PeriodSummary
from monitor.settings import AggregateSettings
from monitor.store.history import History
from monitor.types import RATE_HZ
from tests.aggregate.observations import aggregator, frame

NOW = datetime(2026, 5, 30, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A history whose periods read 50 dB, eight days back to four, and 60 dB since."""
    history = History(tmp_path / "history.db", AggregateSettings())
    engine = aggregator()
    for k in range(8 * 300 + 1):
        engine.add(frame(k * 6000))
    (period,) = [r for r in engine.advance(300 * RATE_HZ, 300 * RATE_HZ) if isinstance(r, PeriodSummary)]
    for back in range(1, 9):
        levels = period.levels.model_copy(update={"LAeq": 50.0 if back >= 4 else 60.0})
        told = period.model_copy(update={"start": NOW - back * DAY, "levels": levels})
        history.add(told, engine.stats_of(period))
    return history


def test_without_a_journal_all_periods_count(history: History) -> None:
    usual = history.usual(NOW)
    assert usual is not None and (usual.n_days, usual.LAeq_median) == (8, 50.0)


def test_periods_before_a_calibration_do_not_count(history: History) -> None:
    history.note("boot", {"full_scale_pa": 2.8}, NOW - 9 * DAY)
    history.note("calibration", {"full_scale_pa": 9.0}, NOW - 3.5 * DAY)
    history.note("boot", {"full_scale_pa": 9.0}, NOW - 2.5 * DAY)
    usual = history.usual(NOW)
    assert usual is not None and (usual.n_days, usual.LAeq_median) == (3, 60.0)
    before = history.usual(NOW - 4 * DAY)
    assert before is not None and (before.n_days, before.LAeq_median) == (4, 50.0)


def test_a_device_that_was_away_for_a_while_keeps_its_periods(history: History) -> None:
    history.note("boot", {"full_scale_pa": 2.8}, NOW - 9 * DAY)
    history.note("calibration", {"full_scale_pa": 9.0}, NOW - 3.5 * DAY)
    history.note("boot", {"full_scale_pa": 2.8}, NOW - 0.5 * DAY)
    usual = history.usual(NOW)
    assert usual is not None and (usual.n_days, usual.LAeq_median) == (5, 50.0)
