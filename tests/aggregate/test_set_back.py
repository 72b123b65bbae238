"""A clock that is set costs no sound: a minute that is lived twice is told again with all that was heard in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.aggregate import AggregateRecord, IntervalStats, Remembered
from monitor.clock import LiveClock
from monitor.records import DaySummary, GapRecord, Interval, MinuteSummary, PeriodSummary, SoundEvent
from monitor.types import LEVEL_FRAME, RATE_HZ
from tests.aggregate.observations import START, aggregator, frame, prediction

MINUTE = timedelta(minutes=1)
FRAMES = 2
"""A second: enough to count by, and quicker than the eight that there are."""


@dataclass
class Node:
    """An aggregator whose records are kept as a history keeps them, and a wall clock that is set now and then."""

    steps: dict[int, float]
    """By the second of sound before which the clock is set: by how much, s."""
    trusted_from: int = 0
    told: list[AggregateRecord] = field(default_factory=list)
    kept: dict[tuple[type, datetime], IntervalStats] = field(default_factory=dict)
    events: list[SoundEvent] = field(default_factory=list)

    def run(self, seconds: int, sounding: Callable[[int], bool] = lambda second: False) -> "Node":
        """Hear so many seconds; `sounding` says in which a vehicle is heard."""
        offset, trusted = 0.0, False
        clock = LiveClock(START, lambda: trusted)
        engine = aggregator(clock)
        engine.remember(self.recall)
        for second in range(seconds):
            offset += self.steps.get(second, 0.0)
            trusted = second >= self.trusted_from
            clock.observe(second * RATE_HZ, START + timedelta(seconds=second + offset), 50.0 + second)
            for k in range(FRAMES):
                engine.add(frame(second * RATE_HZ + k * LEVEL_FRAME))
            if second % 2 == 0 and second >= 4:
                engine.add(prediction(second * RATE_HZ, {"Vehicle": 0.9 if sounding(second) else 0.1}))
            self.keep(engine.advance((second + 1) * RATE_HZ, (second + 1) * RATE_HZ), engine.stats_of)
        self.keep(engine.finish(seconds * RATE_HZ), engine.stats_of)
        return self

    def keep(self, records: Sequence[AggregateRecord], stats_of: Callable[[Interval], IntervalStats]) -> None:
        for record in records:
            self.told.append(record)
            if isinstance(record, Interval):
                self.kept[type(record), record.start] = stats_of(record)
            elif isinstance(record, SoundEvent):
                self.events.append(record)

    def recall(self, start: datetime, end: datetime) -> Remembered:
        minutes = [(at, stats) for (kind, at), stats in sorted(self.kept.items(), key=lambda row: row[0][1])
                   if kind is MinuteSummary and start <= at < end]  # fmt: skip
        return Remembered(minutes, [event for event in self.events if start <= event.offset < end])

    def of(self, kind: type) -> list:
        return [record for record in self.told if type(record) is kind]

    def latest(self, kind: type) -> dict[datetime, Interval]:
        return {record.start: record for record in self.of(kind)}

    def frames(self, kind: type, start: datetime | None = None, length: timedelta = timedelta(days=9)) -> int:
        """Frames in what was told last of a stretch of time."""
        first = start or START - timedelta(days=1)
        return sum(s.frames for (k, at), s in self.kept.items() if k is kind and first <= at < first + length)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.integers(1, 470),
        st.one_of(st.floats(-400, 400), st.floats(-65, 5), st.sampled_from([-61.0, -90.0, -120.0, -3600.0, 60.0])),
        max_size=6,
    ),
    st.sampled_from([0, 0, 130]),
)
def test_whatever_the_clock_does_every_frame_is_told_once(steps: dict[int, float], trusted_from: int) -> None:
    node = Node(steps, trusted_from).run(480)
    assert node.frames(MinuteSummary) == 480 * FRAMES
    assert max(stats.heard_us for (kind, _), stats in node.kept.items() if kind is MinuteSummary) <= 60_000_050
    for kind, start in node.kept:
        if kind is PeriodSummary:
            held = node.frames(MinuteSummary, start, timedelta(minutes=5))
            assert node.frames(PeriodSummary, start, timedelta(minutes=5)) == held, (
                "a period is the merge of its minutes"
            )
        elif kind is DaySummary:
            held = node.frames(MinuteSummary, start, timedelta(days=1))
            assert node.frames(DaySummary, start, timedelta(days=1)) == held
    assert not node.of(GapRecord)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.integers(1, 290), st.floats(0.6, 400), max_size=3))
def test_a_clock_that_only_goes_forward_tells_no_minute_twice(steps: dict[int, float]) -> None:
    starts = [m.start for m in Node(steps).run(300).of(MinuteSummary)]
    assert starts == sorted(set(starts))


def test_minutes_lived_twice_are_told_again_and_count_once() -> None:
    node = Node({220: -90.0}).run(400)  # at 12:03:40 the clock is put to 12:02:10
    starts = [(m.start - START) // MINUTE for m in node.of(MinuteSummary)]
    assert starts == [0, 1, 2, 3, 2, 3, 4, 5]
    coverage = [m.quality.coverage for m in node.of(MinuteSummary)]
    assert coverage == pytest.approx([1, 1, 1, 40 / 60, 1, 1, 1, 10 / 60], abs=0.001)
    assert node.kept[MinuteSummary, START + 2 * MINUTE].frames == (60 + 50) * FRAMES
    partial, first, second = node.of(PeriodSummary)
    assert partial.quality.coverage == pytest.approx(220 / 300, abs=1e-4)
    assert first.start == START and first.quality.coverage == 1 and len(first.trace) == 5
    assert second.quality.coverage == pytest.approx(10 / 300, abs=1e-4)
    assert node.latest(DaySummary)[START.replace(hour=0)].quality.coverage == pytest.approx(310 / 86_400, abs=1e-5)


def test_an_end_before_the_time_came_again_keeps_what_was_lived_of_it() -> None:
    node = Node({220: -90.0}).run(230)  # ends at 12:02:20
    assert [(m.start - START) // MINUTE for m in node.of(MinuteSummary)] == [0, 1, 2, 3, 2]
    assert node.latest(PeriodSummary)[START].quality.coverage == pytest.approx(220 / 300, abs=1e-4)
    assert node.kept[DaySummary, START.replace(hour=0)].frames == 230 * FRAMES


def test_events_of_a_time_that_is_lived_twice_stay_in_their_period() -> None:
    node = Node({220: -90.0}).run(400, sounding=lambda second: 150 <= second < 170 or 260 <= second < 280)
    assert len(node.events) == 2
    assert [e.onset for e in node.latest(PeriodSummary)[START].sound_events] == sorted(e.onset for e in node.events)
    assert len(node.latest(DaySummary)[START.replace(hour=0)].sound_events) == 2


def test_a_step_that_is_absorbed_repeats_no_minute() -> None:
    starts = [m.start for m in Node({220: -2.0, 300: -50.0}).run(700).of(MinuteSummary)]
    assert starts == sorted(set(starts))
