"""The history keeps what was told, sums it up again exactly, and stays small."""

import threading
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.aggregate import Aggregator, IntervalStats, merged
from monitor.clock import LiveClock, SampleClock
from monitor.records import (
    Alert,
    Caption,
    DaySummary,
    GapRecord,
    Interval,
    MinuteSummary,
    PeriodSummary,
    SoundEvent,
)
from monitor.settings import AggregateSettings
from monitor.store import history_upkeep
from monitor.store.database import DatabaseError, open_database, transaction
from monitor.store.history import History
from monitor.types import RATE_HZ
from tests.aggregate.observations import START, aggregator, frame, programme

DAY = timedelta(days=1)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.db", AggregateSettings(), "Europe/Amsterdam")


def fill(history: History, engine: Aggregator, seconds: int) -> tuple[list[object], list[IntervalStats]]:
    """Run a programme into a history; return the records, and the statistics of the minutes."""
    records: list[object] = []
    stats: list[IntervalStats] = []
    for item in programme(seconds, gaps=((30, 5),)):
        engine.add(item)
    for last in (False, True):
        told = engine.finish(seconds * RATE_HZ) if last else engine.advance(seconds * RATE_HZ, seconds * RATE_HZ)
        for record in told:
            own = engine.stats_of(record) if isinstance(record, Interval) else None
            history.add(record, own)
            records.append(record)
            if own is not None and isinstance(record, MinuteSummary):
                stats.append(own)
    return records, stats


def of(kind: type, records: list[object]) -> list:
    return [record for record in records if type(record) is kind]


def test_what_was_told_is_read_back_word_for_word(history: History) -> None:
    records, _ = fill(history, aggregator(), 630)
    history.flush()
    everything = (START - DAY, START + DAY)
    assert history.minutes(*everything) == of(MinuteSummary, records)
    assert history.periods(*everything) == of(PeriodSummary, records)
    assert history.days(*everything) == of(DaySummary, records)
    assert history.gaps(*everything) == of(GapRecord, records)
    events = of(SoundEvent, records)
    assert events and history.events(*everything) == sorted(events, key=lambda e: (e.onset, e.label))
    assert (
        history.minutes(START + timedelta(minutes=3), START + timedelta(minutes=5)) == of(MinuteSummary, records)[3:5]
    )


def test_any_stretch_is_summed_up_exactly(history: History) -> None:
    _, stats = fill(history, aggregator(), 900)
    found = history.stats(START + timedelta(minutes=2), START + timedelta(minutes=9))
    expected = merged(stats[2:9])
    assert found.energy == expected.energy and (found.laf == expected.laf).all()


def test_periods_stand_in_for_minutes_that_are_gone(history: History) -> None:
    fill(history, aggregator(SampleClock(START + timedelta(minutes=48))), 1800)
    whole = history.stats(START, START + DAY)
    with transaction(open_database(history._file.path, (), 1)) as connection:
        assert connection.execute(
            "DELETE FROM minutes WHERE start < unixepoch('2026-03-29T13:00:00Z') * 1000000"
        ).rowcount
    assert history.stats(START, START + DAY).energy == whole.energy


def test_the_same_minute_told_again_replaces_the_first(history: History) -> None:
    fill(history, aggregator(), 30)
    records, _ = fill(history, aggregator(), 60)
    assert history.minutes(START, START + DAY) == of(MinuteSummary, records)


def test_a_restarted_node_resumes_its_day(history: History, tmp_path: Path) -> None:
    fill(history, aggregator(), 200)
    history.close()
    reopened = History(tmp_path / "history.db", AggregateSettings())
    engine = aggregator(SampleClock(START + timedelta(seconds=200)))
    engine.remember(reopened.recall)
    records, _ = fill(reopened, engine, 160)
    (day,) = of(DaySummary, records)
    assert day.quality.coverage == pytest.approx((360 - 10) / 86_400, abs=1e-5)
    first = of(MinuteSummary, records)[0]
    assert first.start == START + timedelta(minutes=3) and first.quality.coverage == round(55 / 60, 5)
    assert of(PeriodSummary, records)[0].quality.coverage == round(290 / 300, 5)


def test_a_clock_set_back_leaves_one_row_a_minute_with_the_sound_of_both_times(history: History) -> None:
    clock = LiveClock(START, lambda: True)
    engine = aggregator(clock)
    engine.remember(history.recall)
    for second in range(400):
        wall = START + timedelta(seconds=second - (90 if second >= 220 else 0))
        clock.observe(second * RATE_HZ, wall, 50.0 + second)
        engine.add(frame(second * RATE_HZ))
        last = second == 399
        end = (second + 1) * RATE_HZ
        for record in engine.advance(end, end) + (engine.finish(end) if last else []):
            history.add(record, engine.stats_of(record) if isinstance(record, Interval) else None)
    minutes = history.minutes(START - DAY, START + DAY)
    assert [minute.start for minute in minutes] == [START + timedelta(minutes=k) for k in range(6)]
    assert [m.quality.coverage for m in minutes] == pytest.approx([1, 1, 1, 1, 1, 10 / 60], abs=0.001)
    assert history.stats(START - DAY, START + DAY).frames == 400, "none left out, none counted twice"
    periods = history.periods(START - DAY, START + DAY)
    assert [p.quality.coverage for p in periods] == pytest.approx([1, 10 / 300], abs=0.001)
    (day,) = history.days(START - DAY, START + DAY)
    assert day.quality.coverage == pytest.approx(310 / 86_400, abs=1e-5)


def test_usual_is_the_same_local_hour_of_earlier_days(history: History) -> None:
    engine = aggregator()
    for k in range(8 * 300 + 1):
        engine.add(frame(k * 6000))
    (period,) = [r for r in engine.advance(300 * RATE_HZ, 300 * RATE_HZ) if isinstance(r, PeriodSummary)]
    stats = engine.stats_of(period)
    now = datetime(2026, 3, 30, 10, 30, tzinfo=UTC)  # the day after the clock change: 12:30 in Amsterdam
    assert history.usual(now) is None
    for back, level in ((1, 50.0), (2, 54.0), (3, 52.0)):
        for utc_hour, offset in ((10, 0.0), (11, 0.5), (9, 30.0)):
            start = (now - timedelta(days=back)).replace(hour=utc_hour, minute=0)
            levels = period.levels.model_copy(update={"LAeq": level + offset})
            history.add(period.model_copy(update={"start": start, "levels": levels}), stats)
    usual = history.usual(now)
    assert usual is not None and usual.n_days == 3 and usual.local_hour == 12
    assert usual.LAeq_median == 52.5, "before the change of the clocks the local hour began an hour later in UTC"
    assert usual.LAeq_p10 is not None and usual.LAeq_p10 < 52.5 < usual.LAeq_p90
    nearly_silent = period.model_copy(
        update={"start": now - 4 * DAY, "quality": period.quality.model_copy(update={"coverage": 0.1})}
    )
    history.add(nearly_silent, stats)
    assert history.usual(now).n_days == 3


def test_captions_alerts_and_the_journal_are_kept(history: History) -> None:
    caption = Caption(
        start=START, end=START + timedelta(minutes=5), headline="Calm", text="Calm.", source="template", facts_id="f1"
    )
    alert = Alert(rule="loud", state="raised", at=START, value=80.0, threshold=75.0, unit="dB", text="Loud.")
    history.add(caption)
    history.add(alert)
    history.note("boot", {"version": "1.0", "restarts": 2}, START)
    assert history.captions(START, START + DAY) == [caption]
    assert history.alerts(START, START + DAY) == [alert]
    (entry,) = history.journal(START, START + DAY)
    assert entry.kind == "boot" and entry.detail == {"version": "1.0", "restarts": 2}


def test_events_wait_for_the_next_minute_and_are_not_lost_at_the_end(history: History, tmp_path: Path) -> None:
    event = SoundEvent(label="Bird", onset=START, offset=START + timedelta(seconds=9), peak_prob=0.8)
    reader = History(tmp_path / "history.db", AggregateSettings())
    history.add(event)
    assert reader.events(START, START + DAY) == []
    history.close()
    assert reader.events(START, START + DAY) == [event]


def test_every_thread_may_read_and_write(history: History) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for k in range(20):
                history.note("thread", {"number": number}, START + timedelta(seconds=100 * number + k))
                history.journal(START, START + DAY)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(history.journal(START, START + DAY)) == 80


def long_history(path: Path, days: int, settings: AggregateSettings) -> History:
    """Return a history of one period and two minutes an hour."""
    history = History(path, settings)
    engine = aggregator()
    for item in programme(300):
        engine.add(item)
    records = engine.advance(300 * RATE_HZ, 300 * RATE_HZ)
    minute = of(MinuteSummary, records)[0]
    (period,) = of(PeriodSummary, records)
    stats = engine.stats_of(minute)
    for hour in range(24 * days):
        start = START + timedelta(hours=hour)
        history.add(minute.model_copy(update={"start": start}), stats)
        history.add(period.model_copy(update={"start": start}), engine.stats_of(period))
    return history


def test_pruning_by_age_forgets_everything_old(tmp_path: Path) -> None:
    history = long_history(tmp_path / "h.db", 10, AggregateSettings(history_days=4))
    history.upkeep.forget_old(START + 10 * DAY)
    assert len(history.minutes(START - DAY, START + 11 * DAY)) == 4 * 24
    assert len(history.periods(START - DAY, START + 11 * DAY)) == 4 * 24


def test_pruning_by_size_forgets_minutes_first(tmp_path: Path) -> None:
    settings = AggregateSettings.model_construct(**AggregateSettings().model_dump() | {"history_mb": 1})
    history = long_history(tmp_path / "h.db", 14, settings)
    assert history.upkeep.size() > 1_000_000
    history.upkeep.keep_to_size()
    assert history.upkeep.size() <= 1_000_000
    assert len(history.periods(START - DAY, START + 15 * DAY)) == 336
    minutes = history.minutes(START - DAY, START + 15 * DAY)
    assert 0 < len(minutes) < 336 and minutes[-1].start == START + timedelta(hours=335)


@pytest.mark.parametrize("synchronised", [False, True])
def test_only_a_clock_that_is_known_to_be_right_makes_a_history_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronised: bool
) -> None:
    fill(History(tmp_path / "h.db", AggregateSettings()), aggregator(SampleClock(START - 800 * DAY)), 60)
    monkeypatch.setattr(history_upkeep, "kernel_synchronised", lambda: synchronised)
    history = History(tmp_path / "h.db", AggregateSettings())
    fill(history, aggregator(), 60)  # the first commits of a run look at age and size
    history.note("boot", {}, START)
    history.upkeep._commits = 0
    history.note("boot", {}, START)
    assert len(history.minutes(START - 800 * DAY, START - 700 * DAY)) == (0 if synchronised else 1)


def test_neither_a_simulated_nor_a_wrong_time_empties_the_history(history: History) -> None:
    early = datetime(2000, 1, 1, tzinfo=UTC)
    records, _ = fill(history, aggregator(SampleClock(early)), 120)
    assert history.minutes(early, early + DAY) == of(MinuteSummary, records)
    far = datetime(2090, 1, 1, tzinfo=UTC)
    fill(history, aggregator(SampleClock(far)), 120)
    history.upkeep.forget_old(history.upkeep._now())
    assert len(history.minutes(far, far + DAY)) == 2


def test_bytes_written_a_day_are_counted(tmp_path: Path) -> None:
    history = long_history(tmp_path / "h.db", 10, AggregateSettings())
    written = history.bytes_written()
    on_disk = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert on_disk / 2 < written < 10 * on_disk
    history.close()
    assert History(tmp_path / "h.db", AggregateSettings()).bytes_written() >= written


def test_a_full_disk_is_told_and_recovered_from(history: History) -> None:
    records, _ = fill(history, aggregator(), 60)
    minute = of(MinuteSummary, records)[0]
    stats = history.stats(START, START + DAY)
    connection = history._file.connection
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    event = SoundEvent(label="Bird", onset=START, offset=START + timedelta(seconds=9), peak_prob=0.8)
    history.add(event)
    with pytest.raises(DatabaseError, match="full"):
        for k in range(1, 50):
            history.add(minute.model_copy(update={"start": START + timedelta(minutes=k)}), stats)
    connection.execute("PRAGMA max_page_count = 1000000")
    history.add(minute.model_copy(update={"start": START + timedelta(minutes=50)}), stats)
    assert event in history.events(START, START + DAY)


def test_a_summary_without_its_statistics_is_refused(history: History) -> None:
    records, _ = fill(history, aggregator(), 60)
    with pytest.raises(ValueError, match="statistics"):
        history.add(of(MinuteSummary, records)[0])


def test_a_damaged_history_is_set_aside_where_the_node_must_go_on(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(DatabaseError, match="damaged"):
        History(path, AggregateSettings())
    history = History(path, AggregateSettings(), replace_damaged=True)
    (entry,) = history.journal(datetime.now(UTC) - DAY, datetime.now(UTC) + DAY)
    assert entry.kind == "history_damaged" and entry.detail == {"kept_as": "history.db.damaged-1"}
    assert (tmp_path / "history.db.damaged-1").read_bytes() == b"rubbish" * 1000


def test_damage_while_running_costs_no_record_and_reaches_other_readers(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History(path, AggregateSettings(), replace_damaged=True)
    records, _ = fill(history, aggregator(), 60)
    stats = history.stats(START, START + DAY)
    history.upkeep.checkpoint()
    other = History(path, AggregateSettings())
    history.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(1024)
        file.write(b"\xff" * (size - 1024))
    minute = of(MinuteSummary, records)[0].model_copy(update={"start": START + timedelta(minutes=1)})
    history.add(minute, stats)
    assert history.minutes(START, START + DAY) == [minute]
    assert other.minutes(START, START + DAY) == [minute], "others follow to the new file"


def test_a_damaged_row_is_told_and_does_not_stop_the_node(history: History) -> None:
    fill(history, aggregator(), 60)
    with history._file.writing() as connection:
        connection.execute("UPDATE minutes SET stats = x'00'")
    with pytest.raises(DatabaseError, match="damaged"):
        history.minutes(START, START + DAY)
    assert history.recall(START, START + DAY).minutes == []


@pytest.mark.parametrize("content", [b"rubbish", zlib.compress(b"{}"), zlib.compress(b"\xff")])
def test_an_entry_that_cannot_be_read_is_told_as_damage(history: History, content: bytes) -> None:
    history.note("boot", {"version": "1.0"}, START)
    history.add(SoundEvent(label="Bird", onset=START, offset=START + timedelta(seconds=9), peak_prob=0.8))
    history.flush()
    with history._file.writing() as connection:
        connection.execute("UPDATE journal SET json = ?", (content,))
        connection.execute("UPDATE sound_events SET json = ?", (content,))
    for read in (history.journal, history.events):
        with pytest.raises(DatabaseError, match="damaged") as caught:
            read(START, START + DAY)
        assert "\n" not in str(caught.value)
    with pytest.raises(DatabaseError, match="damaged"):
        history.latest("boot")


def test_a_minute_that_is_not_known_is_recalled_at_once_however_much_was_heard_before(history: History) -> None:
    fill(history, aggregator(), 60)

    def work(start: datetime) -> int:
        """Steps of SQLite's machine that recalling a minute takes."""
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        connection = history._file.connection
        connection.set_progress_handler(step, 1)
        found = history.recall(start, start + timedelta(minutes=1))
        connection.set_progress_handler(None, 1)
        assert bool(found.minutes) == (start == START)
        return steps

    before = work(START + DAY)
    for second in range(2000):
        onset = START - DAY + timedelta(seconds=second)
        history.add(SoundEvent(label="Bird", onset=onset, offset=onset + timedelta(seconds=1), peak_prob=0.8))
    history.flush()
    assert work(START + DAY) == before < work(START)


def test_who_only_reads_writes_nothing(history: History, tmp_path: Path) -> None:
    fill(history, aggregator(), 60)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".db-shm"}
    reader = History(tmp_path / "history.db", AggregateSettings())
    assert reader.minutes(START, START + DAY)
    reader.close()
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".db-shm"}


def test_damage_that_a_reader_meets_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History(path, AggregateSettings(), replace_damaged=True)
    fill(history, aggregator(), 60)
    history.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(1024)
        file.write(b"\xff" * (size - 1024))
    assert history.minutes(START, START + DAY) == [] and history.bytes_written() == 0
    assert history.latest("history_damaged") is not None


def test_a_file_that_was_taken_away_is_made_anew(history: History, tmp_path: Path) -> None:
    records, _ = fill(history, aggregator(), 60)
    stats = history.stats(START, START + DAY)
    for path in tmp_path.iterdir():
        path.unlink()
    history.add(of(MinuteSummary, records)[0], stats)
    assert len(history.minutes(START, START + DAY)) == 1


def test_what_is_told_of_a_minute_survives_a_power_cut(history: History) -> None:
    assert history._file.connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


def test_the_newest_entry_of_a_kind_is_found_whatever_the_clock_said(history: History) -> None:
    assert history.latest("boot") is None
    for day, model in ((9, "m-1"), (5, "m-2")):
        history.note("boot", {"model": model}, START + day * DAY)
    history.note("calibration", {"model": "m-3"}, START)
    assert history.latest("boot").detail == {"model": "m-2"}
