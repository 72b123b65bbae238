"""The figures a noise officer asks for, each computed from merged statistics, never from rounded levels."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.aggregate.days import PARTS, DayParts, lden
from monitor.aggregate.histogram import level_db
from monitor.aggregate.statistics import ENERGY_UNIT_PA2, SHARE_UNIT, IntervalStats
from monitor.aggregate.summary import levels_of
from monitor.records import LEAST_COVERAGE, DayLevels, Interval, SoundEvent
from monitor.report.sheet import FULL_S, Sheet, Slot

LOUDEST_EVENTS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """Day, evening or night of the span."""

    name: str
    level_db: float | None
    coverage: float

    @property
    def partial(self) -> bool:
        """True when some of it was not heard."""
        return self.coverage < 1


@dataclass(frozen=True, slots=True)
class Exceedance:
    """Successive minutes with LAeq above the limit."""

    start: datetime
    minutes: int
    LAeq_max: float


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the span."""

    start: datetime
    interval: Interval
    coverage: float
    calm: bool

    @property
    def ranked(self) -> bool:
        """True when enough of it was heard to compare it with others."""
        return self.coverage >= LEAST_COVERAGE and self.interval.levels.LAeq is not None


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a report."""

    whole: Interval
    parts: tuple[Part, ...]
    Lden: float | None
    partial: bool
    days: tuple[DayLevels, ...]
    hours: tuple[Hour, ...]
    LAFmax_at: datetime | None
    minutes_heard: int | None
    """Minutes that were held against the limit; None without one, and where minutes are no longer all kept."""
    exceedances: tuple[Exceedance, ...]
    loudest_events: tuple[SoundEvent, ...]

    @property
    def loudest_hour(self) -> Hour | None:
        """The hour with the largest LAeq."""
        return max((hour for hour in self.hours if hour.ranked), key=_laeq, default=None)

    @property
    def quietest_hour(self) -> Hour | None:
        """The hour with the smallest LAeq."""
        return min((hour for hour in self.hours if hour.ranked), key=_laeq, default=None)

    @property
    def calm_hours(self) -> tuple[Hour, ...]:
        """The hours that were calm."""
        return tuple(hour for hour in self.hours if hour.calm)

    @property
    def minutes_above(self) -> int | None:
        """Minutes above the limit; None where not a minute could be held against it."""
        return sum(run.minutes for run in self.exceedances) if self.minutes_heard else None


def _laeq(hour: Hour) -> float:
    level = hour.interval.levels.LAeq
    return -1e9 if level is None else level


def laeq_of(stats: IntervalStats) -> float | None:
    """Return LAeq of merged statistics, dB; None where nothing was heard."""
    return level_db(stats.energy[0] * ENERGY_UNIT_PA2 / stats.frames) if stats.frames else None


def affect_of(stats: IntervalStats) -> tuple[float, float] | None:
    """Return mean (ISOP, ISOE) of merged statistics."""
    if not stats.weight:
        return None
    return stats.affect[0] * SHARE_UNIT / stats.weight, stats.affect[1] * SHARE_UNIT / stats.weight


def figures_of(sheet: Sheet) -> Figures:
    """Compute the figures of a report."""
    slots = sheet.part_slots()
    parts = tuple(
        Part(name, levels_of(slot.stats).LAeq, slot.coverage) for name, slot in zip(PARTS, slots, strict=True)
    )
    day, evening, night = (
        None if part.level_db is None else laeq_of(slot.stats) for part, slot in zip(parts, slots, strict=True)
    )
    limit_db = sheet.settings.report.limit_laeq_db
    minutes = None if limit_db is None else _minutes(sheet.pieces)
    loudest = max(sheet.pieces, key=lambda piece: piece.stats.laf_max_pa2, default=None)
    by_level = sorted(sheet.events, key=lambda event: -(event.LAFmax or -1e9))
    return Figures(
        whole=sheet.whole,
        parts=parts,
        Lden=lden((day, evening, night), DayParts.of(sheet.settings.aggregate).hours),
        partial=any(part.partial for part in parts),
        days=tuple(sheet.levels_of(local) for local in sheet.span.dates),
        hours=tuple(_hour(sheet, slot) for slot in sheet.hours),
        LAFmax_at=None if loudest is None else loudest.start,
        minutes_heard=None if minutes is None else len(minutes),
        exceedances=() if minutes is None or limit_db is None else tuple(_exceedances(minutes, limit_db)),
        loudest_events=tuple(event for event in by_level if event.LAFmax is not None)[:LOUDEST_EVENTS],
    )


def _hour(sheet: Sheet, slot: Slot) -> Hour:
    interval = sheet.summary(slot)
    level, isop = interval.levels.LAeq, interval.affect.isop
    quiet = level is None or level < sheet.settings.report.calm_max_laeq_db
    heard = slot.coverage >= LEAST_COVERAGE
    return Hour(slot.start, interval, slot.coverage, calm=heard and quiet and isop is not None and isop >= 0)


def _minutes(pieces: list[Slot]) -> list[Slot] | None:
    """Return the minutes that were heard for long enough; None where some are kept only as periods."""
    if any(piece.duration_s > FULL_S for piece in pieces):
        return None
    return [piece for piece in pieces if piece.coverage >= LEAST_COVERAGE]


def _exceedances(minutes: list[Slot], limit_db: float) -> list[Exceedance]:
    runs: list[Exceedance] = []
    for piece in minutes:
        level = laeq_of(piece.stats)
        if level is None or level <= limit_db:
            continue
        if runs and runs[-1].start + timedelta(minutes=runs[-1].minutes) == piece.start:
            last = runs.pop()
            runs.append(Exceedance(last.start, last.minutes + 1, max(last.LAeq_max, level)))
        else:
            runs.append(Exceedance(piece.start, 1, level))
    return runs
