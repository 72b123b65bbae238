"""How a day went: its loudest, quietest and calmest hours, and its parts."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from monitor.narrate.facts import bands, sounds
from monitor.narrate.facts.clock_face import ClockFace, part_of_day
from monitor.narrate.facts.feeling import affect_fact
from monitor.narrate.facts.sheet import AffectFact, Extreme, Part, PartOfDay
from monitor.records import LEAST_COVERAGE, Affect, PeriodSummary

LEAST_HOURS = 4
"""Hours heard for at least half, below which no hour is called the loudest or the calmest."""
CONTRAST_DB = 3.0
"""Difference from the day's median hour below which no hour stands out."""
COMMON = 0.25
"""Share of a part of the day from which a sound is told of it."""


@dataclass(slots=True)
class _Mean:
    """A weighted mean of what is known."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float | None, weight: float = 1.0) -> None:
        if value is not None and weight > 0:
            self.total += weight * value
            self.weight += weight

    @property
    def value(self) -> float | None:
        return self.total / self.weight if self.weight else None


@dataclass(slots=True)
class _Stretch:
    """An hour or a part of the day, gathered from its periods one by one."""

    periods: int = 0
    heard_s: float = 0.0
    energy: _Mean = field(default_factory=_Mean)
    n5: _Mean = field(default_factory=_Mean)
    isop: _Mean = field(default_factory=_Mean)
    isoe: _Mean = field(default_factory=_Mean)
    active: Counter[str] = field(default_factory=Counter)
    peak: dict[str, float] = field(default_factory=dict)

    def add(self, period: PeriodSummary) -> None:
        heard_s = period.duration_s * period.quality.coverage
        self.periods += 1
        self.heard_s += heard_s
        if period.levels.LAeq is not None:
            self.energy.add(10 ** (period.levels.LAeq / 10), heard_s)
        self.n5.add(period.loudness.N5)
        if period.affect.isop is not None and period.affect.isoe is not None:
            self.isop.add(period.affect.isop)
            self.isoe.add(period.affect.isoe)
        for label, activity in period.events.items():
            self.active[label] += activity.active  # type: ignore[assignment]
            self.peak[label] = max(activity.max, self.peak.get(label, 0.0))

    @property
    def LAeq(self) -> float | None:
        return 10 * math.log10(self.energy.value) if self.energy.value else None

    @property
    def shares(self) -> dict[str, float]:
        return {label: total / self.periods for label, total in self.active.items()}

    @property
    def feeling(self) -> AffectFact | None:
        forbidden = bands.withheld(self.LAeq, self.n5.value, self.shares)
        return affect_fact(Affect(isop=self.isop.value, isoe=self.isoe.value), forbidden)

    @property
    def told(self) -> tuple[str, ...]:
        """The two most common clear sounds, the specific rather than the general."""
        ranked = sorted(self.shares.items(), key=lambda entry: -entry[1])
        common = [label for label, share in ranked if share >= COMMON and label not in sounds.SETTINGS]
        specific = [label for label in common if not set(sounds.TOLD_BY.get(label, ())) & set(common)]
        return tuple([label for label in specific if self.peak[label] >= sounds.CLEAR_PEAK][:2])


def course_of_day(
    periods: Iterable[PeriodSummary], face: ClockFace
) -> tuple[tuple[Extreme, ...], tuple[PartOfDay, ...]]:
    """Return the hours that stand out, and the parts; periods are read one by one: a day of them is large."""
    if not face.known:
        return (), ()
    hours: dict[datetime, _Stretch] = defaultdict(_Stretch)
    parts: dict[Part, _Stretch] = defaultdict(_Stretch)
    for period in periods:
        local = face.local(period.start)
        past = timedelta(minutes=local.minute, seconds=local.second)
        hours[period.start - past].add(period)
        parts[part_of_day(local.hour)].add(period)
    return _extremes(hours, face), _parts(parts)


def _extremes(hours: dict[datetime, _Stretch], face: ClockFace) -> tuple[Extreme, ...]:
    """Return the loudest, the quietest and the calmest local hour, where there is a contrast worth telling."""
    hours = {start: hour for start, hour in hours.items() if hour.heard_s >= LEAST_COVERAGE * 3600}
    levels = {start: level for start, hour in hours.items() if (level := hour.LAeq) is not None}
    if len(levels) < LEAST_HOURS:
        return ()
    median = sorted(levels.values())[len(levels) // 2]
    found: list[tuple[Literal["loudest", "quietest", "calmest"], datetime]] = []
    loudest, quietest = max(levels, key=lambda start: levels[start]), min(levels, key=lambda start: levels[start])
    if levels[loudest] - median >= CONTRAST_DB:
        found.append(("loudest", loudest))
    if median - levels[quietest] >= CONTRAST_DB:
        found.append(("quietest", quietest))
    calm = {}
    for start, hour in hours.items():
        feeling = hour.feeling
        if feeling is not None and "calm" in feeling.said:
            calm[start] = bands.projections(hour.isop.value or 0.0, hour.isoe.value or 0.0)["calm"]
    if calm and len(calm) < len(hours):
        found.append(("calmest", max(calm, key=lambda start: calm[start])))
    return tuple(
        Extreme(what=what, start=face.moment(at), end=face.moment(at + timedelta(hours=1)), LAeq=levels.get(at))
        for what, at in found
    )


def _parts(parts: dict[Part, _Stretch]) -> tuple[PartOfDay, ...]:
    """Return what night, morning, afternoon and evening were like, in order of the clock; those that were heard."""
    result = []
    for name in get_args(Part):
        part = parts.get(name)
        if part is not None and part.LAeq is not None:
            word = part.feeling.word if part.feeling else None
            result.append(PartOfDay(part=name, LAeq=part.LAeq, word=word, sounds=part.told))
    return tuple(result)
