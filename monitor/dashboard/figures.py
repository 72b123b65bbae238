"""Figures as people read them: levels, durations, shares, affect; an unknown value is a dash, never a number."""

import math
from datetime import UTC, datetime

CIRCUMPLEX = ("pleasant", "vibrant", "eventful", "chaotic", "annoying", "monotonous", "uneventful", "calm")
"""Words every 45 degrees, counter-clockwise from the pleasant end of the horizontal axis (ISO/TS 12913-3)."""
NEUTRAL_RADIUS = 0.1
"""Closer to the middle than this, no word fits."""


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
    """Return the word of the circumplex nearest to a point; None where nothing is known."""
    if isop is None or isoe is None:
        return None
    if math.hypot(isop, isoe) < NEUTRAL_RADIUS:
        return "neutral"
    return CIRCUMPLEX[round(math.atan2(isoe, isop) / (math.pi / 4)) % 8]
