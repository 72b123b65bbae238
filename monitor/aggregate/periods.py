"""Reporting periods and local days: merges of minutes, taken up again from the history after a restart."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.aggregate.days import DayParts, PartEnergies, day_limits
from monitor.aggregate.statistics import IntervalStats
from monitor.aggregate.summary import summarise
from monitor.records import DaySummary, Interval, PeriodSummary, SoundEvent, TracePoint
from monitor.settings import AggregateSettings

MINUTE = timedelta(minutes=1)
DAY_EVENTS = 50
"""Events that a day tells of: the loudest."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the history knows of a stretch of time: minutes with their starts, and events that ended in it."""

    minutes: list[tuple[datetime, IntervalStats]] = field(default_factory=list)
    events: list[SoundEvent] = field(default_factory=list)


Recall = Callable[[datetime, datetime], Remembered]


def nothing(start: datetime, end: datetime) -> Remembered:
    """Recall nothing: for recordings, and for a node without history."""
    return Remembered()


@dataclass(slots=True)
class _Span:
    start: datetime
    end: datetime
    added_to: datetime
    stats: IntervalStats = field(default_factory=IntervalStats)
    events: list[SoundEvent] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        return (self.end - self.start).total_seconds()

    def remembered(self, recall: Recall, upto: datetime) -> list[tuple[datetime, IntervalStats]]:
        """Return the minutes up to a time that are known: of a run before, or of before the clock was set back."""
        if upto <= self.added_to:
            return []
        found = recall(self.added_to, upto)
        self.events += found.events
        self.added_to = upto
        return found.minutes


def _fields(interval: Interval) -> dict[str, object]:
    return {name: getattr(interval, name) for name in Interval.model_fields}


class PeriodBuilder:
    """Merges minutes into reporting periods aligned to UTC."""

    def __init__(self, minutes: int, recall: Recall = nothing) -> None:
        self._length = timedelta(minutes=minutes)
        self.recall = recall
        self._span: _Span | None = None
        self._trace: list[TracePoint] = []
        self._events: list[SoundEvent] = []

    def note(self, event: SoundEvent) -> None:
        """Keep an event for the period in which it became known."""
        self._events.append(event)

    def belongs(self, minute: datetime) -> bool:
        """Return whether a minute is of the open period."""
        return self._span is not None and self._span.start <= minute < self._span.end

    def open(self, minute: datetime) -> None:
        """Begin the period of a minute."""
        hour = minute.replace(minute=0, second=0, microsecond=0)
        start = hour + (minute - hour) // self._length * self._length
        self._span = _Span(start, start + self._length, start)
        self._trace = []

    def add(self, minute: datetime, stats: IntervalStats, summary: Interval) -> bool:
        """Add a minute to the open period, after those that are remembered; return whether it was the last."""
        assert self._span is not None
        for begun, earlier in self._span.remembered(self.recall, minute):
            self._add(self._span, begun, earlier, summarise(earlier, begun, 60.0))
        self._add(self._span, minute, stats, summary)
        self._span.added_to = minute + MINUTE
        return self._span.added_to >= self._span.end

    def _add(self, span: _Span, minute: datetime, stats: IntervalStats, told: Interval) -> None:
        span.stats.merge(stats)
        self._trace.append(
            TracePoint(
                start=minute,
                LAeq=told.levels.LAeq,
                N5=told.loudness.N5,
                isop=told.affect.isop,
                isoe=told.affect.isoe,
                scene=told.scene.label,
            )
        )

    def close(self) -> tuple[PeriodSummary, IntervalStats] | None:
        """Return the open period and its statistics, None when none is open."""
        if self._span is None:
            return None
        for begun, stats in self._span.remembered(self.recall, self._span.end):
            self._add(self._span, begun, stats, summarise(stats, begun, 60.0))
        span, self._span = self._span, None
        interval = summarise(span.stats, span.start, span.duration_s)
        events = _in_order(span.events + self._events)
        self._events = []
        return PeriodSummary(**_fields(interval), sound_events=events, trace=self._trace), span.stats


class DayBuilder:
    """Merges minutes into local days."""

    def __init__(self, settings: AggregateSettings, zone: ZoneInfo, recall: Recall = nothing) -> None:
        self._parts = DayParts.of(settings)
        self._zone = zone
        self.recall = recall
        self._span: _Span | None = None
        self._energies = PartEnergies()
        self._events: list[SoundEvent] = []

    def note(self, event: SoundEvent) -> None:
        """Keep an event for the day in which it became known, the loudest ones only."""
        self._events = _loudest([*self._events, event])

    def belongs(self, minute: datetime) -> bool:
        """Return whether a minute is of the open day."""
        return self._span is not None and self._span.start <= minute < self._span.end

    def open(self, minute: datetime) -> None:
        """Begin the local day of a minute."""
        start, end = day_limits(minute.astimezone(self._zone).date(), self._zone)
        self._span = _Span(start, end, start)
        self._energies = PartEnergies()

    def add(self, minute: datetime, stats: IntervalStats) -> bool:
        """Add a minute to the open day, after those that are remembered; return whether it was the last."""
        assert self._span is not None
        for begun, earlier in self._span.remembered(self.recall, minute):
            self._add(self._span, begun, earlier)
        self._add(self._span, minute, stats)
        self._span.added_to = minute + MINUTE
        return self._span.added_to >= self._span.end

    def _add(self, span: _Span, minute: datetime, stats: IntervalStats) -> None:
        span.stats.merge(stats)
        self._energies.add(self._parts.part(minute.astimezone(self._zone)), stats)

    def close(self) -> tuple[DaySummary, IntervalStats] | None:
        """Return the open day and its statistics, None when none is open."""
        if self._span is None:
            return None
        for begun, stats in self._span.remembered(self.recall, self._span.end):
            self._add(self._span, begun, stats)
        span, self._span = self._span, None
        interval = summarise(span.stats, span.start, span.duration_s)
        local = span.start.astimezone(self._zone).date()
        day = self._energies.levels(local, self._zone, self._parts, interval.quality.coverage, span.stats.floor_dba)
        events = _in_order(_loudest(span.events + self._events))
        self._events = []
        return DaySummary(**_fields(interval), day=day, sound_events=events), span.stats


def _in_order(events: list[SoundEvent]) -> list[SoundEvent]:
    """Return each event once."""
    known = {(event.onset, event.offset, event.label): event for event in events}
    return [known[key] for key in sorted(known)]


def _loudest(events: list[SoundEvent]) -> list[SoundEvent]:
    events = _in_order(events)
    if len(events) <= DAY_EVENTS:
        return events
    return sorted(events, key=lambda event: (-(event.LAFmax or -1e9), event.onset, event.label))[:DAY_EVENTS]


def floor_minute(time: datetime) -> datetime:
    """Return the UTC minute that a time lies in."""
    return time.astimezone(UTC).replace(second=0, microsecond=0)
