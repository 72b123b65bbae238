"""Records wait while the history cannot be written, in order, and the fault is told until they are kept."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import recorder
from monitor.app.health import Vitals
from monitor.app.recorder import Recorder
from monitor.records import Alert
from monitor.settings import AggregateSettings
from monitor.store.history import History

START = datetime(2026, 6, 1, tzinfo=UTC)


def alert(index: int) -> Alert:
    at = START + timedelta(minutes=index)
    return Alert(rule="r", state="raised", at=at, value=1.0, threshold=0.5, unit="dB(A)", text=str(index))


def test_a_fault_is_over_soon_after_its_cause_though_nothing_new_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, vitals = tmp_path / "history.db", Vitals()
    monkeypatch.setattr(recorder, "RETRY_S", 0.0)
    summaries, captions = (
        Recorder(History(path, AggregateSettings()), None, None, lambda record: None, vitals) for _ in range(2)
    )
    for each in (summaries, captions):
        each.history._file.connection.execute("PRAGMA busy_timeout = 10")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        summaries.record(alert(0))
        summaries.record(alert(1))
        captions.record(alert(2))
        other.execute("ROLLBACK")
    summaries.tend()
    assert vitals.history_fault is not None and "1 records wait" in vitals.history_fault, "the other one's"
    captions.tend()
    assert vitals.history_fault is None
    kept = captions.history.alerts(START, START + timedelta(hours=1))
    assert [a.text for a in kept] == ["0", "1", "2"]
    other.close()


def test_a_locked_history_loses_nothing_and_is_told(tmp_path: Path) -> None:
    path, vitals, seen = tmp_path / "history.db", Vitals(), []
    history = History(path, AggregateSettings())
    keeper = Recorder(history, None, None, seen.append, vitals)
    keeper.record(alert(0))
    history._file.connection.execute("PRAGMA busy_timeout = 10")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.record(alert(1))
        keeper.record(alert(2))
        assert vitals.history_fault is not None and "held by another process" in vitals.history_fault
        assert "2 records wait" in vitals.history_fault
        other.execute("ROLLBACK")
    keeper.record(alert(3))
    assert vitals.history_fault is None and keeper.lost == 0
    kept = history.alerts(START, START + timedelta(hours=1))
    assert [a.text for a in kept] == ["0", "1", "2", "3"] == [a.text for a in seen]
    other.close()


def test_a_history_that_takes_records_but_cannot_be_read_is_told_and_recovered_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitals, seen = Vitals(), []
    monkeypatch.setattr(recorder, "RETRY_S", 0.0)
    keeper = Recorder(History(tmp_path / "history.db", AggregateSettings()), None, None, seen.append, vitals)
    keeper.history._file.connection.execute("ALTER TABLE written RENAME TO away")
    keeper.record(alert(0))
    assert [a.text for a in seen] == ["0"] and vitals.history_fault is not None
    keeper.history._file.connection.execute("ALTER TABLE away RENAME TO written")
    keeper.tend()
    assert vitals.history_fault is None
