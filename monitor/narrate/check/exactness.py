"""Figures and times compared with values, as exactly as they are told."""

from collections.abc import Iterable

from monitor.narrate.check.sentence import Clause, Item
from monitor.narrate.facts.sheet import Extreme

SUPERLATIVES = {"loudest", "quietest", "calmest"}
MOMENTS = {"start": (0.0, 0.4), "middle": (0.2, 0.8), "end": (0.6, 1.0)}
"""Parts of the interval, 0..1, that its beginning, middle and end may be said of."""


def clock(item: Item) -> str:
    """Return a time as HH:MM."""
    return f"{int(item.value) // 60:02d}:{int(item.value) % 60:02d}" if item.kind == "time" else ""


def approximate(figure: Item, clause: Clause) -> bool:
    """Return whether 'about' or the like stands right before a figure."""
    return any(0 < figure.place - item.place <= 4 for item in clause.of("approx"))


def fits(figure: Item, value: float | None, clause: Clause, slack: float = 1.0) -> bool:
    """Return whether a figure is a value rounded to the decimals told; 'about' adds some slack."""
    if value is None:
        return False
    tolerance = 0.5 * 10.0**-figure.decimals + 0.051
    return abs(figure.value - value) <= (max(tolerance, slack) if approximate(figure, clause) else tolerance)


def at_moment(word: Item, offsets: Iterable[float]) -> bool:
    """Return whether 'at the start' and the like fits one of some moments, 0..1 of the interval."""
    spans = [MOMENTS[value] for value in word.values("moment")]
    return any(low <= offset <= high for low, high in spans for offset in offsets)


def hours(entry: Extreme) -> tuple[str | None, str | None]:
    """Return when an hour began and ended, HH:MM."""
    return entry.start.clock, entry.end.clock
