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
    stats: IntervalStats = field(default_factory=IntervalStats)
    events: list[SoundEvent] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        return (self.end - self.start).total_seconds()


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
        """Begin the period of a minute, with what is remembered of it."""
        hour = minute.replace(minute=0, second=0, microsecond=0)
        start = hour + (minute - hour) // self._length * self._length
        self._span = _Span(start, start + self._length)
        self._trace = []
        remembered = self.recall(start, minute)
        self._span.events = list(remembered.events)
        for begun, stats in remembered.minutes:
            self.add(begun, stats)

    def add(self, minute: datetime, stats: IntervalStats, summary: Interval | None = None) -> bool:
        """Add a minute to the open period; return whether it was the last."""
        assert self._span is not None
        self._span.stats.merge(stats)
        told = summary or summarise(stats, minute, 60.0)
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
        return minute + timedelta(minutes=1) >= self._span.end

    def close(self) -> tuple[PeriodSummary, IntervalStats] | None:
        """Return the open period and its statistics, None when none is open."""
        if self._span is None:
            return None
        span, self._span = self._span, None
        interval = summarise(span.stats, span.start, span.duration_s)
        events = sorted(span.events + self._events, key=lambda e: (e.onset, e.offset, e.label))
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
        """Begin the local day of a minute, with what is remembered of it."""
        self._span = _Span(*day_limits(minute.astimezone(self._zone).date(), self._zone))
        self._energies = PartEnergies()
        remembered = self.recall(self._span.start, minute)
        self._span.events = list(remembered.events)
        for begun, stats in remembered.minutes:
            self.add(begun, stats)

    def add(self, minute: datetime, stats: IntervalStats) -> bool:
        """Add a minute to the open day; return whether it was the last."""
        assert self._span is not None
        self._span.stats.merge(stats)
        self._energies.add(self._parts.part(minute.astimezone(self._zone)), stats)
        return minute + timedelta(minutes=1) >= self._span.end

    def close(self) -> tuple[DaySummary, IntervalStats] | None:
        """Return the open day and its statistics, None when none is open."""
        if self._span is None:
            return None
        span, self._span = self._span, None
        interval = summarise(span.stats, span.start, span.duration_s)
        local = span.start.astimezone(self._zone).date()
        day = self._energies.levels(local, self._zone, self._parts, interval.quality.coverage, span.stats.floor_dba)
        events = sorted(_loudest(span.events + self._events), key=lambda e: (e.onset, e.offset, e.label))
        self._events = []
        return DaySummary(**_fields(interval), day=day, sound_events=events), span.stats


def _loudest(events: list[SoundEvent]) -> list[SoundEvent]:
    if len(events) <= DAY_EVENTS:
        return list(events)
    return sorted(events, key=lambda event: (-(event.LAFmax or -1e9), event.onset, event.label))[:DAY_EVENTS]


def floor_minute(time: datetime) -> datetime:
    """Return the UTC minute that a time lies in."""
    return time.astimezone(UTC).replace(second=0, microsecond=0)
