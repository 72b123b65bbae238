"""What a report draws and tells: the history of a span, merged into slots, hours, parts of the day and the whole."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from monitor.aggregate.days import PARTS, DayParts, PartEnergies
from monitor.aggregate.statistics import IntervalStats, merged
from monitor.aggregate.summary import summarise
from monitor.records import Alert, Caption, DayLevels, GapRecord, Interval, SoundEvent
from monitor.report.span import Span
from monitor.settings import Settings
from monitor.store.history import History
from monitor.store.history_tables import JournalEntry

FULL_S = 60.0
NOTED = timedelta(days=400)
"""How far back the journal is searched for the calibration in force."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of time with all that was heard in it."""

    start: datetime
    duration_s: float
    stats: IntervalStats

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + timedelta(seconds=self.duration_s)

    @property
    def coverage(self) -> float:
        """Share of the time that was heard, rounded as in every record: below 1, some of it was not."""
        return min(1.0, round(self.stats.heard_us / (self.duration_s * 1e6), 5)) if self.duration_s else 1.0


class Sheet:
    """The history of a span, ready to be drawn. Minutes where they are kept, reporting periods where only those are."""

    def __init__(self, history: History, settings: Settings, span: Span, now: datetime | None = None) -> None:
        self.settings = settings
        self.span = span
        self.until = min(span.end, now or datetime.now(UTC))
        """Up to here there could be sound: a day that still runs has no gap in its future."""
        self.pieces = list(_pieces(history, span, settings.aggregate.period_min))
        self.events: list[SoundEvent] = history.events(span.start, span.end)
        self.captions: list[Caption] = history.captions(span.start, span.end)
        self.gaps: list[GapRecord] = history.gaps(span.start, span.end)
        self.alerts: list[Alert] = history.alerts(span.start, span.end)
        self.journal: list[JournalEntry] = history.journal(span.start, span.end)
        self.calibration = _calibration(history, span)
        """What the node last noted of its calibration: how and when; None where the journal does not go back to it."""
        self._parts = DayParts.of(settings.aggregate)

    @cached_property
    def whole(self) -> Interval:
        """The whole span as one interval."""
        duration_s = (self.span.end - self.span.start).total_seconds()
        return self.summary(Slot(self.span.start, duration_s, merged([piece.stats for piece in self.pieces])))

    @property
    def heard_until(self) -> datetime | None:
        """When the newest piece ended; None without any."""
        return self.pieces[-1].end if self.pieces else None

    def slots(self, minutes: int, start: datetime | None = None, end: datetime | None = None) -> list[Slot]:
        """Return the span, or a part of it, cut into slots of equal length; unheard ones are empty."""
        begin, length = start or self.span.start, timedelta(minutes=minutes)
        count = -(-((end or self.span.end) - begin) // length)
        stats = [IntervalStats() for _ in range(count)]
        for piece in self.pieces:
            index = (piece.start - begin) // length
            if 0 <= index < count:
                stats[index].merge(piece.stats)
        return [Slot(begin + index * length, length.total_seconds(), one) for index, one in enumerate(stats)]

    @cached_property
    def hours(self) -> list[Slot]:
        """The hours of the span: 23, 24 or 25 a day."""
        return self.slots(60)

    def summary(self, slot: Slot) -> Interval:
        """Return what a slot sounded like."""
        return summarise(slot.stats, slot.start, slot.duration_s)

    def part(self, moment: datetime) -> int:
        """Return the part of the day (index in PARTS) of a time."""
        return self._parts.part(self.span.local(moment))

    def part_slots(self) -> list[Slot]:
        """Return day, evening and night of the span, each merged into one slot as long as the clocks made the part."""
        stats = [IntervalStats() for _ in PARTS]
        for piece in self.pieces:
            stats[self.part(piece.start)].merge(piece.stats)
        length = (self.span.end - self.span.start) // timedelta(minutes=1)
        minutes = Counter(self.part(self.span.start + timedelta(minutes=at)) for at in range(length))
        return [Slot(self.span.start, 60.0 * minutes[part], one) for part, one in enumerate(stats)]

    def levels_of(self, local: date) -> DayLevels:
        """Return Lday, Levening, Lnight and Lden of one of the days."""
        day = Span.day(local, self.span.zone)
        energies, heard_us, floor_dba = PartEnergies(), 0, float("-inf")
        for piece in self.pieces:
            if day.start <= piece.start < day.end:
                energies.add(self.part(piece.start), piece.stats)
                heard_us += piece.stats.heard_us
                floor_dba = max(floor_dba, piece.stats.floor_dba)
        coverage = min(1.0, round(heard_us / ((day.end - day.start).total_seconds() * 1e6), 5))
        return energies.levels(local, self.span.zone, self._parts, coverage, floor_dba)

    def unheard(self, minutes: int) -> list[tuple[datetime, datetime]]:
        """Return the stretches up to now in which nothing was heard, on a grid of `minutes`."""
        stretches: list[tuple[datetime, datetime]] = []
        for slot in self.slots(minutes, end=self.until):
            if slot.stats.heard_us:
                continue
            if stretches and stretches[-1][1] == slot.start:
                stretches[-1] = (stretches[-1][0], slot.end)
            else:
                stretches.append((slot.start, slot.end))
        return stretches

    def digest(self) -> Caption | None:
        """Return the narrative of a whole day, where there is one."""
        whole = [caption for caption in self.captions if caption.end - caption.start >= timedelta(hours=20)]
        return whole[-1] if whole else None

    def told(self) -> Sequence[Caption]:
        """Return the captions of reporting periods."""
        return [caption for caption in self.captions if caption.end - caption.start < timedelta(hours=20)]


def _calibration(history: History, span: Span) -> str | None:
    for entry in reversed(history.journal(span.start - NOTED, span.end)):
        if isinstance(told := entry.detail.get("calibration"), str):
            return told
    return None


def _pieces(history: History, span: Span, period_min: int) -> Iterator[Slot]:
    """Yield what is kept: periods from before the oldest minute, then minutes."""
    minutes = history.recall(span.start, span.end).minutes
    first = minutes[0][0] if minutes else span.end
    for period in history.periods(span.start, first):
        end = min(period.start + timedelta(seconds=period.duration_s), first)
        stats = history.stats(period.start, end)
        if stats.heard_us:
            yield Slot(period.start, period.duration_s, stats)
    for start, stats in minutes:
        yield Slot(start, FULL_S, stats)
