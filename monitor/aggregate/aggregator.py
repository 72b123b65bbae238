"""From frames and predictions to events, minutes, reporting periods and days.

What comes out depends on the samples only, not on how they were cut into pieces nor on which thread was quicker: all is
judged in the order of samples, up to the point that both hearing and inference have passed.

A clock that is set back ends what is open, as the end of a run does: a minute that is lived twice is told again, with
the sound of both times, as a minute is in which a node was started afresh.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.aggregate.events import EventThreshold
from monitor.aggregate.minutes import PendingSound
from monitor.aggregate.periods import DayBuilder, PeriodBuilder, Recall, Remembered, floor_minute, nothing
from monitor.aggregate.statistics import IntervalStats, flags_of
from monitor.aggregate.summary import LevelBasis, Uncertainty, summarise
from monitor.aggregate.timeline import Timeline, Told
from monitor.clock import SampleClock
from monitor.records import DaySummary, GapRecord, Interval, MinuteSummary, PeriodSummary, SoundEvent
from monitor.settings import AggregateSettings, NodeSettings
from monitor.types import Gap, LevelFrame, LoudnessFrames, WindowPrediction

Item = LevelFrame | LoudnessFrames | WindowPrediction | Gap
AggregateRecord = SoundEvent | MinuteSummary | PeriodSummary | DaySummary | GapRecord
Draft = tuple[datetime, IntervalStats]
"""A minute that is not over, and what was heard of it so far."""

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)


class Aggregator:
    """Takes what is heard and inferred; tells of what is over. For one thread."""

    def __init__(
        self,
        settings: AggregateSettings,
        *,
        node: NodeSettings,
        calibration: LevelBasis,
        clock: SampleClock,
        thresholds: Mapping[str, EventThreshold],
        uncertainty: Uncertainty | None = None,
        model_id: str | None = None,
    ) -> None:
        self._clock = clock
        self._basis = calibration
        self._uncertainty = uncertainty or Uncertainty()
        self._model_id = model_id
        self._earlier = 0
        """Flags of what the open minute rested on before a device was opened."""
        self._pending = PendingSound(calibration.overload_db)
        self._timeline = Timeline(settings, clock, thresholds, calibration.floor_dba)
        self._period = PeriodBuilder(settings.period_min)
        self._day = DayBuilder(settings, ZoneInfo(node.time_zone))
        self._recall: Recall = nothing
        self._told_to = self._judged_to = 0
        self._last_minute: datetime | None = None
        self._stats: dict[tuple[type[Interval], datetime], IntervalStats] = {}

    def remember(self, recall: Recall) -> None:
        """Take up running minutes, periods and days from the history of earlier runs."""
        self._recall = self._period.recall = self._day.recall = recall

    def rest_on(self, basis: LevelBasis) -> None:
        """Take note that levels rest on another calibration from now on: a device was opened. The floor stays."""
        self._earlier |= self._flags()
        self._basis = basis

    def add(self, item: Item) -> None:
        """Take a frame, values of loudness, a prediction or a gap; each kind in the order of its samples."""
        match item:
            case LevelFrame():
                self._pending.frames.append(item)
                self._timeline.loudest.add(item)
            case LoudnessFrames():
                self._pending.loudness.append(item)
            case WindowPrediction():
                self._timeline.add_prediction(item)
            case Gap():
                self._pending.gaps.append(item)
                self._timeline.add_gap(item)

    def advance(self, heard_to: int, inferred_to: int) -> list[AggregateRecord]:
        """Return what is over, in order; all that ends up to the two samples has been added."""
        self._stats.clear()
        return self._advance(min(heard_to, inferred_to))

    def draft(self, heard_to: int) -> list[Draft]:
        """Return what `finish` would now tell of open minutes, which stay open: of two while inference lags."""
        drafts: list[Draft] = []
        pending, told_to = self._pending.copy(), self._told_to
        while told_to < heard_to:
            minute, end = self._next(told_to, heard_to)
            end = min(end, heard_to)
            stats = pending.take(told_to, end, self._clock)
            self._stamp(stats)
            _merge(stats, self._recall(minute, minute + MINUTE))
            drafts.append((minute, stats))
            told_to = end
        return drafts

    def resume(self, drafts: Sequence[Draft]) -> list[AggregateRecord]:
        """Tell what an earlier run had open when it was killed, as its `finish` would have; nothing that was told."""
        self._stats.clear()
        records: list[AggregateRecord] = []
        for minute, stats in drafts:
            known = self._recall(minute, minute + MINUTE)
            if stats.frames > sum(earlier.frames for _, earlier in known.minutes):
                records += self._tell_minute(minute, stats, known.events)
        return records + self._close_period() + self._close_day()

    def finish(self, end_sample: int) -> list[AggregateRecord]:
        """Return what is left, whole or not: the sound ends here."""
        self._stats.clear()
        records = self._advance(end_sample)
        records += self._events_upto(end_sample + 1)
        records += self._note(self._timeline.finish(end_sample))
        if self._told_to < end_sample:
            records += self._close_minute(self._next(self._told_to, end_sample)[0], end_sample)
        return records + self._close_period() + self._close_day()

    def stats_of(self, record: Interval) -> IntervalStats:
        """Return the statistics behind a summary of the latest `advance`, `resume` or `finish`."""
        return self._stats[type(record), record.start]

    def _advance(self, upto: int) -> list[AggregateRecord]:
        records: list[AggregateRecord] = []
        if upto <= self._judged_to:
            return records
        self._judged_to = upto
        while self._told_to < upto:
            minute, end = self._next(self._told_to, upto)
            records += self._events_upto(min(end, upto))
            if end > upto:
                break
            records += self._close_minute(minute, end)
            if self._clock.utc(end) < minute + MINUTE:
                records += self._note(self._timeline.cut_gap(end)) + self._close_period() + self._close_day()
        return records

    def _next(self, first: int, upto: int) -> tuple[datetime, int]:
        """Return the minute that a sample lies in, and where that ends: at its full length, or where time goes back."""
        minute = floor_minute(self._clock.utc(first))
        end = self._clock.sample(minute + MINUTE, first)
        back = self._clock.set_back(first, min(end, upto))
        return minute, end if back is None else back

    def _events_upto(self, sample: int) -> list[AggregateRecord]:
        told, judged = self._timeline.advance(sample)
        self._pending.judged.extend(judged)
        return self._note(told)

    def _note(self, told: list[Told]) -> list[AggregateRecord]:
        for item in told:
            if isinstance(item.record, SoundEvent):
                self._period.note(item.record)
                self._day.note(item.record)
        return [item.record for item in told]

    def _close_minute(self, minute: datetime, end: int) -> list[AggregateRecord]:
        stats = self._pending.take(self._told_to, end, self._clock)
        self._stamp(stats)
        self._earlier = 0
        self._told_to = end
        self._clock.settle(end)
        known = self._recall(minute, minute + MINUTE)
        _merge(stats, known)
        return self._tell_minute(minute, stats, known.events)

    def _tell_minute(
        self, minute: datetime, stats: IntervalStats, events: Sequence[SoundEvent]
    ) -> list[AggregateRecord]:
        """Tell a minute, and the period and the day that it ends; the events were told of it before."""
        records: list[AggregateRecord] = []
        back = self._last_minute is not None and minute <= self._last_minute
        self._last_minute = minute
        if back or not self._period.belongs(minute):
            records += self._close_period()
            self._period.open(minute)
        if back or not self._day.belongs(minute):
            records += self._close_day()
            self._day.open(minute)
        for event in events:
            self._period.note(event)
            self._day.note(event)
        summary = summarise(stats, minute, 60.0)
        period_over = self._period.add(minute, stats, summary)
        day_over = self._day.add(minute, stats)
        record = MinuteSummary(**{name: getattr(summary, name) for name in Interval.model_fields})
        self._stats[MinuteSummary, minute] = stats
        if period_over:
            records += self._note(self._timeline.cut_gap(self._told_to))
        records.append(record)
        records += self._close_period() if period_over else []
        return records + (self._close_day() if day_over else [])

    def _close_period(self) -> list[AggregateRecord]:
        closed = self._period.close()
        if closed is None:
            return []
        self._stats[PeriodSummary, closed[0].start] = closed[1]
        return [closed[0]]

    def _close_day(self) -> list[AggregateRecord]:
        closed = self._day.close()
        if closed is None:
            return []
        self._stats[DaySummary, closed[0].start] = closed[1]
        return [closed[0]]

    def _flags(self) -> int:
        basis = self._basis
        return flags_of(basis.calibrated, basis.level_reference, self._clock.quality, self._model_id is not None)

    def _stamp(self, stats: IntervalStats) -> None:
        """Write down what the numbers of a minute rest on."""
        stats.flags |= self._flags() | self._earlier
        stats.floor_dba = self._basis.floor_dba
        stats.isop_uncertainty, stats.isoe_uncertainty = (-1.0 if v is None else v for v in self._uncertainty)


def _merge(stats: IntervalStats, known: Remembered) -> None:
    """Add what is known of a minute already, from a run before or from before the clock was set back."""
    for _, earlier in known.minutes:
        stats.merge(earlier)
        stats.heard_us = min(stats.heard_us, MINUTE // MICROSECOND)
