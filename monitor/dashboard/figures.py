"""Figures as people read them: levels, durations, shares, affect; an unknown value is a dash, never a number."""

import math
from datetime import UTC, datetime

from monitor.narrate.facts import bands


def number(value: float | None, decimals: int = 1, none: str = "–") -> str:
    """Return a fixed-point figure, or `none` where the value is unknown."""
    return none if value is None or not math.isfinite(value) else f"{value:.{decimals}f}"


def signed(value: float | None, none: str = "–") -> str:
    """Return a figure on the -1..1 scale with its sign."""
    return none if value is None or not math.isfinite(value) else f"{value:+.2f}"


def percent(share: float | None, none: str = "–") -> str:
    """Return a share 0..1 as a whole percentage."""
    return none if share is None else f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """Return a duration in at most two units."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def clock(time: datetime) -> str:
    """Return the UTC time of day."""
    return f"{time.astimezone(UTC):%H:%M:%S} UTC"


def label(name: str) -> str:
    """Return a scene's or an event's name as words."""
    return name.replace("_", " ")


def feeling(isop: float | None, isoe: float | None) -> str | None:
    """Return the word of the circumplex nearest to a point, "neutral" as captions do; None where nothing is known."""
    if isop is None or isoe is None:
        return None
    if bands.strength(math.hypot(isop, isoe)) is None:
        return "neutral"
    reach = bands.projections(isop, isoe)
    return max(reach, key=lambda word: reach[word])
