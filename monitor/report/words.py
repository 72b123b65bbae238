"""Figures and times of a report as people read them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from monitor.narrate.facts.sounds import SETTINGS, TOLD_BY
from monitor.records import EventActivity
from monitor.report.span import Span

MOST_HEARD = 0.15
"""A sound that was active for less of an hour is not named."""


def db(value: float | None) -> str:
    """Return a level or a loudness with one decimal."""
    return "–" if value is None else f"{value:.1f}"


def share(part: float) -> str:
    """Return a share 0..1 in %, never rounded up to 100."""
    cut = Decimal(part * 100).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    return "100 %" if part >= 1 else f"{cut} %"


def duration(seconds: float) -> str:
    """Return a duration."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole / 60:.0f} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def clock(span: Span, moment: datetime, seconds: bool = False) -> str:
    """Return a local time; with the day where the span has several, and the offset where the clocks change."""
    local = span.local(moment)
    text = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    if changes(span):
        text += f" {local:%Z}"
    return text if span.days == 1 else f"{local:%a} {local.day} {local:%b} {text}"


def changes(span: Span) -> bool:
    """Tell whether the clocks change within the span."""
    return span.hours != 24 * span.days


def most_heard(events: Mapping[str, EventActivity]) -> str:
    """Return the two sounds that were active for the longest, the special rather than the general, as captions do."""
    active = {name: one.active for name, one in events.items() if one.active >= MOST_HEARD and name not in SETTINGS}
    special = [name for name in active if not active.keys() & set(TOLD_BY.get(name, ()))]
    return ", ".join(sorted(special, key=lambda name: -active[name])[:2])
