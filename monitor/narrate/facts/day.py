"""How a day went: its loudest, quietest and calmest hours, and its parts."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from monitor.narrate.facts import bands, sounds
from monitor.narrate.facts.clock_face import ClockFace, part_of_day
from monitor.narrate.facts.feeling import affect_fact
from monitor.narrate.facts.sheet import Extreme, PartOfDay
from monitor.records import LEAST_COVERAGE, Affect, PeriodSummary

LEAST_HOURS = 4
"""Hours heard for at least half, below which no hour is called the loudest or the calmest."""
CONTRAST_DB = 3.0
"""Difference from the day's median hour below which no hour stands out."""


def energy_mean(periods: Sequence[PeriodSummary]) -> float | None:
    """Return LAeq over several periods, weighted by what was heard; dB, or None."""
    parts = [
        (period.duration_s * period.quality.coverage, period.levels.LAeq)
        for period in periods
        if period.levels.LAeq is not None and period.quality.coverage > 0
    ]
    total = sum(weight for weight, _ in parts)
    return 10 * math.log10(sum(weight * 10 ** (level / 10) for weight, level in parts) / total) if total else None


def _heard_s(periods: Sequence[PeriodSummary]) -> float:
    return sum(period.duration_s * period.quality.coverage for period in periods)


def _affect(periods: Sequence[PeriodSummary]) -> Affect:
    known = [(p.affect.isop, p.affect.isoe) for p in periods if p.affect.isop is not None and p.affect.isoe is not None]
    if not known:
        return Affect(isop=None, isoe=None)
    return Affect(isop=sum(isop for isop, _ in known) / len(known), isoe=sum(isoe for _, isoe in known) / len(known))


def _mean_n5(periods: Sequence[PeriodSummary]) -> float | None:
    known = [period.loudness.N5 for period in periods if period.loudness.N5 is not None]
    return sum(known) / len(known) if known else None


def _active(periods: Sequence[PeriodSummary]) -> dict[str, float]:
    shares: Counter[str] = Counter()
    for period in periods:
        for label, activity in period.events.items():
            shares[label] += activity.active / len(periods)  # type: ignore[assignment]
    return dict(shares)


def _peak(label: str, periods: Sequence[PeriodSummary]) -> float:
    return max(period.events[label].max for period in periods if label in period.events)


def extremes_of_day(periods: Sequence[PeriodSummary], face: ClockFace) -> tuple[Extreme, ...]:
    """Return the loudest, the quietest and the calmest local hour, where there is a contrast worth telling."""
    hours: dict[str, list[PeriodSummary]] = {}
    for period in periods:
        hours.setdefault(f"{face.local(period.start):%Y-%m-%d %H %z}", []).append(period)
    hours = {hour: group for hour, group in hours.items() if _heard_s(group) >= LEAST_COVERAGE * 3600}
    levels = {hour: level for hour, group in hours.items() if (level := energy_mean(group)) is not None}
    if len(levels) < LEAST_HOURS or not face.known:
        return ()
    median = sorted(levels.values())[len(levels) // 2]
    found = []
    loudest, quietest = max(levels, key=lambda h: levels[h]), min(levels, key=lambda h: levels[h])
    if levels[loudest] - median >= CONTRAST_DB:
        found.append(("loudest", loudest))
    if median - levels[quietest] >= CONTRAST_DB:
        found.append(("quietest", quietest))
    calm = {}
    for hour, group in hours.items():
        affect = _affect(group)
        forbidden = bands.withheld(levels.get(hour), _mean_n5(group), _active(group))
        fact = affect_fact(affect, forbidden)
        if fact is not None and "calm" in fact.said:
            calm[hour] = bands.projections(affect.isop or 0.0, affect.isoe or 0.0)["calm"]
    if calm and len(calm) < len(hours):
        found.append(("calmest", max(calm, key=lambda hour: calm[hour])))
    result = []
    for what, hour in found:
        first = hours[hour][0].start
        start = first - timedelta(minutes=face.local(first).minute, seconds=face.local(first).second)
        result.append(
            Extreme.model_validate(
                {
                    "what": what,
                    "start": face.moment(start),
                    "end": face.moment(start + timedelta(hours=1)),
                    "LAeq": levels.get(hour),
                }
            )
        )
    return tuple(result)


def parts_of_day(periods: Sequence[PeriodSummary], face: ClockFace) -> tuple[PartOfDay, ...]:
    """Return what night, morning, afternoon and evening were like, in order of the clock; those that were heard."""
    if not face.known:
        return ()
    groups: dict[str, list[PeriodSummary]] = {}
    for period in periods:
        groups.setdefault(part_of_day(face.local(period.start).hour), []).append(period)
    result = []
    for part in ("night", "morning", "afternoon", "evening"):
        group = groups.get(part, [])
        level = energy_mean(group)
        if level is None:
            continue
        active = _active(group)
        fact = affect_fact(_affect(group), bands.withheld(level, _mean_n5(group), active))
        common = [label for label, share in sorted(active.items(), key=lambda e: -e[1]) if share >= 0.25]
        common = [label for label in common if label not in sounds.SETTINGS]
        specific = [label for label in common if not set(sounds.TOLD_BY.get(label, ())) & set(common)]
        clear = [label for label in specific if _peak(label, group) >= sounds.CLEAR_PEAK]
        result.append(
            PartOfDay.model_validate(
                {"part": part, "LAeq": level, "word": fact.word if fact else None, "sounds": tuple(clear[:2])}
            )
        )
    return tuple(result)
