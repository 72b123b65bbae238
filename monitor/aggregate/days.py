"""Local days: their limits in UTC whatever the clocks do that night, their parts, and Lday, Levening, Lnight, Lden."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import log10
from zoneinfo import ZoneInfo

from monitor.aggregate.histogram import level_db
from monitor.aggregate.statistics import ENERGY_UNIT_PA2, IntervalStats
from monitor.records import DayLevels
from monitor.settings import AggregateSettings

PARTS = ("day", "evening", "night")
PENALTY_DB = (0.0, 5.0, 10.0)
"""Directive 2002/49/EC, Annex I, 1."""


def day_limits(local: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the UTC times at which a local day begins and ends: 23, 24 or 25 hours."""
    first, last = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (local, local + timedelta(days=1)))
    return first, last


@dataclass(frozen=True, slots=True)
class DayParts:
    """Where day, evening and night begin, minutes after local midnight."""

    starts: tuple[int, int, int]

    @classmethod
    def of(cls, settings: AggregateSettings) -> "DayParts":
        """Return the parts that the settings ask for."""
        starts = (settings.day_start, settings.evening_start, settings.night_start)
        day, evening, night = (start.hour * 60 + start.minute for start in starts)
        return cls((day, evening, night))

    @property
    def hours(self) -> tuple[float, float, float]:
        """Nominal lengths of the parts, which weigh them in Lden, h: 12, 4 and 8 unless configured otherwise."""
        day, evening, night = self.starts
        minutes = ((evening - day) % 1440, (night - evening) % 1440, (day - night) % 1440)
        return minutes[0] / 60, minutes[1] / 60, minutes[2] / 60

    def part(self, local: datetime) -> int:
        """Return the index in PARTS of a local time."""
        day, evening, night = self.starts
        since = (local.hour * 60 + local.minute - day) % 1440
        return 0 if since < (evening - day) % 1440 else 1 if since < (night - day) % 1440 else 2


def lden(
    levels: tuple[float | None, float | None, float | None], hours: tuple[float, float, float] = (12, 4, 8)
) -> float | None:
    """Return the day-evening-night level, dB, of Lday, Levening and Lnight (Directive 2002/49/EC, Annex I, 1).

    None when a part that has hours has no level.
    """
    total = 0.0
    for level, penalty, h in zip(levels, PENALTY_DB, hours, strict=True):
        if h == 0:
            continue
        if level is None:
            return None
        total += h * 10 ** ((level + penalty) / 10)
    return 10 * log10(total / sum(hours))


@dataclass(slots=True)
class PartEnergies:
    """A-weighted energy of the parts of one local day."""

    energy: list[int] = field(default_factory=lambda: [0, 0, 0])
    frames: list[int] = field(default_factory=lambda: [0, 0, 0])

    def add(self, part: int, stats: IntervalStats) -> None:
        """Add a minute to a part."""
        self.energy[part] += stats.energy[0]
        self.frames[part] += stats.frames

    def levels(self, local: date, zone: ZoneInfo, parts: DayParts, coverage: float, floor_dba: float) -> DayLevels:
        """Return the long-term levels of the day; a part that is under range or was not heard has none."""
        exact: list[float | None] = []
        for energy, frames in zip(self.energy, self.frames, strict=True):
            level = level_db(energy * ENERGY_UNIT_PA2 / frames) if frames else None
            exact.append(level if level is not None and level >= floor_dba else None)
        day, evening, night = exact
        whole = lden((day, evening, night), parts.hours)
        rounded = (None if level is None else round(level, 2) for level in (day, evening, night, whole))
        l_day, l_evening, l_night, l_den = rounded
        return DayLevels(
            date=local.isoformat(),
            time_zone=zone.key,
            Lday=l_day,
            Levening=l_evening,
            Lnight=l_night,
            Lden=l_den,
            coverage=coverage,
            partial=coverage < 1,
        )
