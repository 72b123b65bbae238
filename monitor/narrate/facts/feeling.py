"""How a place felt, and what changed: words that the affect supports and the levels allow."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.narrate.facts import bands
from monitor.narrate.facts.sheet import AffectFact, Change, Moment
from monitor.records import Affect, TracePoint

SUPPORT = 0.1
"""A word may be told when the affect reaches at least this far in its direction ..."""
NEAR = 0.5
"""... and lies within 60 degrees of it (cosine)."""
AFFECT_CHANGE = 0.25
LEVEL_CHANGE_DB = 6.0


def affect_fact(affect: Affect, forbidden: Mapping[str, str]) -> AffectFact | None:
    """Return the feelings that may be told; None where the model said nothing."""
    if affect.isop is None or affect.isoe is None:
        return None
    radius = math.hypot(affect.isop, affect.isoe)
    reach = bands.projections(affect.isop, affect.isoe)
    neutral = bands.strength(radius) is None
    fitting = [] if neutral else [w for w, r in reach.items() if r >= SUPPORT and r >= NEAR * radius]
    fitting.sort(key=lambda word: -reach[word])
    agreed = [word for word, value in affect.paq.items() if bands.agreement(value).endswith("agree") and value > 3.5]
    agreed = [word for word in agreed if word in reach and reach[word] >= -0.5 * SUPPORT and word not in fitting]
    supported = fitting + sorted(agreed, key=lambda word: -affect.paq[word])
    said = tuple(word for word in supported if word not in forbidden)
    disagreed = [word for word, value in affect.paq.items() if word in reach and value <= 2.5 and reach[word] < 0]
    denied = tuple(
        word
        for word in bands.ANGLES
        if word not in supported and (word in disagreed or reach[word] <= -SUPPORT or neutral or word in forbidden)
    )
    word = next((word for word in fitting if word not in forbidden), None)
    return AffectFact(
        word=word,
        strength=bands.strength(reach[word]) or "slightly" if word else None,
        said=said,
        denied=denied,
        withheld=tuple(word for word in supported if word in forbidden),
        neutral=neutral and not said,
    )


def _mean_level(points: Sequence[TracePoint]) -> float | None:
    levels = [point.LAeq for point in points if point.LAeq is not None]
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels) / len(levels)) if levels else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def part_word(points: Sequence[TracePoint], active: Mapping[str, float]) -> str | None:
    """Return the word for a stretch of minutes, or None."""
    isop, isoe = _mean([point.isop for point in points]), _mean([point.isoe for point in points])
    forbidden = bands.withheld(_mean_level(points), _mean([point.N5 for point in points]), active)
    fact = affect_fact(Affect(isop=isop, isoe=isoe), forbidden)
    return fact.word if fact else None


def changes(trace: Sequence[TracePoint], active: Mapping[str, float], start: datetime) -> list[tuple[Change, datetime]]:
    """Return the change of feeling and the change of level that cut the interval in two most clearly, if any do."""
    found: list[tuple[Change, datetime]] = []
    best_affect, best_level = (AFFECT_CHANGE, 0), (LEVEL_CHANGE_DB, 0)
    for cut in range(1, len(trace)):
        before, after = trace[:cut], trace[cut:]
        points = [
            (_mean([point.isop for point in side]), _mean([point.isoe for point in side])) for side in (before, after)
        ]
        if None not in points[0] and None not in points[1]:
            distance = math.hypot(*(float(b or 0) - float(a or 0) for a, b in zip(*points, strict=True)))
            best_affect = max(best_affect, (distance, cut))
        levels = _mean_level(before), _mean_level(after)
        if levels[0] is not None and levels[1] is not None and min(len(before), len(after)) >= min(2, len(trace) // 2):
            best_level = max(best_level, (abs(levels[1] - levels[0]), cut))
    distance, cut = best_affect
    if cut:
        words = part_word(trace[:cut], active), part_word(trace[cut:], active)
        if words[0] and words[1] and not bands.adjacent(words[0], words[1]):
            found.append((_change("affect", words[0], words[1], distance, trace[cut].start, start), trace[cut].start))
    difference, cut = best_level
    if cut:
        louder = (_mean_level(trace[cut:]) or 0) > (_mean_level(trace[:cut]) or 0)
        words = ("quieter", "louder") if louder else ("louder", "quieter")
        found.append((_change("level", words[0], words[1], difference, trace[cut].start, start), trace[cut].start))
    return found


def _change(what: str, before: str, after: str, difference: float, at: datetime, start: datetime) -> Change:
    moment = Moment(clock=None, offset_s=(at - start).total_seconds())
    return Change.model_validate(
        {"what": what, "at": moment, "before": before, "after": after, "difference": round(difference, 2)}
    )
