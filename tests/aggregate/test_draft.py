"""A draft is what the end of the run would tell of the open minute; told by the next run, once."""

from datetime import datetime, timedelta

import pytest

from monitor.aggregate import AggregateRecord, Aggregator, IntervalStats, Remembered, to_bytes
from monitor.clock import SampleClock
from monitor.records import DaySummary, MinuteSummary, PeriodSummary
from monitor.types import RATE_HZ, WindowPrediction
from tests.aggregate.observations import START, aggregator, frame, programme

MINUTE = timedelta(minutes=1)


class Kept(dict[datetime, IntervalStats]):
    """Minutes as a history keeps them."""

    def recall(self, start: datetime, end: datetime) -> Remembered:
        return Remembered([(at, stats) for at, stats in sorted(self.items()) if start <= at < end])

    def keep(self, engine: Aggregator, records: list[AggregateRecord]) -> list[AggregateRecord]:
        self.update({r.start: engine.stats_of(r) for r in records if isinstance(r, MinuteSummary)})
        return records


def heard(seconds: int, clock: SampleClock | None = None, kept: Kept | None = None) -> Aggregator:
    """Return an aggregator that has heard so many seconds, and keeps what it told."""
    engine = aggregator(clock)
    if kept is not None:
        engine.remember(kept.recall)
    for item in programme(seconds, gaps=((20, 3),)):
        engine.add(item)
    records = engine.advance(seconds * RATE_HZ, seconds * RATE_HZ)
    if kept is not None:
        kept.keep(engine, records)
    return engine


@pytest.mark.parametrize("seconds", [3, 22, 40, 59, 64, 100])
def test_a_draft_is_what_finish_would_tell_and_changes_nothing(seconds: int) -> None:
    engine, untouched = heard(seconds), heard(seconds)
    for _ in range(2):
        ((minute, stats),) = engine.draft(seconds * RATE_HZ)
    told = engine.finish(seconds * RATE_HZ)
    (last,) = [record for record in told if isinstance(record, MinuteSummary)]
    assert minute == last.start and to_bytes(stats) == to_bytes(engine.stats_of(last))
    assert told == untouched.finish(seconds * RATE_HZ)


def test_while_inference_lags_two_minutes_are_open() -> None:
    engine = aggregator()
    for item in programme(66):
        if not isinstance(item, WindowPrediction):
            engine.add(item)
    assert not [r for r in engine.advance(66 * RATE_HZ, 50 * RATE_HZ) if isinstance(r, MinuteSummary)]
    assert [(at, s.frames) for at, s in engine.draft(66 * RATE_HZ)] == [(START, 480), (START + MINUTE, 48)]


def test_the_next_run_tells_a_draft_as_finish_would_have() -> None:
    kept, expected = Kept(), Kept()
    drafts = heard(395, kept=kept).draft(395 * RATE_HZ)
    ended = heard(395, kept=expected)
    last = expected.keep(ended, ended.finish(395 * RATE_HZ))
    engine = aggregator(SampleClock(START + timedelta(seconds=410)))
    engine.remember(kept.recall)
    told = kept.keep(engine, engine.resume(drafts))
    assert [type(r) for r in told] == [MinuteSummary, PeriodSummary, DaySummary]
    assert told[0] == next(record for record in last if isinstance(record, MinuteSummary))
    assert told[0].quality.coverage == pytest.approx(35 / 60, abs=1e-4)
    assert engine.resume(drafts) == [], "never twice"
    for second in range(60):
        engine.add(frame(second * RATE_HZ))
    records = kept.keep(engine, engine.advance(60 * RATE_HZ, 60 * RATE_HZ))
    (minute,) = [r for r in records if isinstance(r, MinuteSummary)]
    assert minute.start == START + 6 * MINUTE, "started afresh in the same minute"
    assert minute.quality.coverage == pytest.approx((35 + 10) / 60, abs=1e-4)
    assert kept[minute.start].frames == 35 * 8 + 10


def test_a_draft_of_a_minute_that_was_told_is_old() -> None:
    kept = Kept()
    engine = aggregator()
    engine.remember(kept.recall)
    for item in programme(60):
        engine.add(item)
    drafts = engine.draft(55 * RATE_HZ)
    kept.keep(engine, engine.advance(60 * RATE_HZ, 60 * RATE_HZ))
    later = aggregator(SampleClock(START + timedelta(seconds=61)))
    later.remember(kept.recall)
    assert later.resume(drafts) == []


def test_a_draft_holds_what_an_earlier_run_heard_of_the_minute() -> None:
    kept = Kept()
    first = heard(20, kept=kept)
    kept.keep(first, first.finish(20 * RATE_HZ))
    second = heard(15, SampleClock(START + timedelta(seconds=30)), kept)
    ((minute, stats),) = second.draft(15 * RATE_HZ)
    assert minute == START and stats.frames == (20 + 15) * 8
    third = aggregator(SampleClock(START + timedelta(seconds=50)))
    third.remember(kept.recall)
    (told, *_) = third.resume([(minute, stats)])
    assert isinstance(told, MinuteSummary) and told.quality.coverage == pytest.approx(35 / 60, abs=1e-4)
