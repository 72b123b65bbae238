"""How all plots look, and how a figure becomes an inline SVG: no script, no fonts, no link to anywhere."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from monitor.report.sheet import Sheet
from monitor.report.span import Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, SKY, GREEN, ORANGE, VERMILLION, PURPLE = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
"""Okabe and Ito's colours, told apart by colour-blind readers."""
INK, SOFT, FAINT, NIGHT = "#1f2933", "#66727f", "#d9dee3", "#eef1f5"
WIDTH_IN = 7.3
"""Width of a plot, in: the text width of an A4 page."""
STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "soundscape",
    "figure.dpi": 96,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """An inline SVG, and what it shows in words."""

    svg: str
    alt: str


@contextmanager
def figure(height_in: float, rows: int = 1, columns: int = 1, **options: Any) -> Iterator[tuple["Figure", Any]]:
    """Give a figure of the text width and its axes (an array where there are several), drawn without a display."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        made = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        yield made, made.subplots(rows, columns, **options)


def finished(made: "Figure", name: str, alt: str) -> Plot:
    """Turn a figure into a plot; `name` keeps its ids apart from those of other plots on the page."""
    out = StringIO()
    made.savefig(out, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = _own_ids(svg, name)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", svg, count=1)
    svg = re.sub(r'<svg ([^>]*?)height="[^"]*"', r"<svg \1", svg, count=1)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return Plot(svg.strip(), alt)


def _own_ids(svg: str, name: str) -> str:
    """Keep the ids that something refers to, numbered: the same each time, and no other plot's."""
    used: dict[str, str] = {}
    for match in re.finditer(r'url\(#([^)]+)\)|xlink:href="#([^"]+)"', svg):
        used.setdefault(match[1] or match[2], f"{name}-{len(used) + 1}")
    svg = re.sub(r'\sid="([^"]+)"', lambda match: f' id="{used[match[1]]}"' if match[1] in used else "", svg)
    svg = re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{used[match[1]]})", svg)
    return re.sub(r'xlink:href="#([^"]+)"', lambda match: f'href="#{used[match[1]]}"', svg)


def hours_from(span: Span, moment: datetime) -> float:
    """Return the place of a time on the axis, hours since the span began."""
    return (moment - span.start) / timedelta(hours=1)


def time_axis(axes: "Axes", span: Span, label: bool = True) -> None:
    """Make a time axis in local time: hours of a day, or the days of a week."""
    axes.set_xlim(0, span.hours)
    if span.days == 1:
        ticks = [hour for hour in range(span.hours + 1) if _local_hour(span, hour) % 3 == 0 or hour == span.hours]
        ticks = [tick for tick in ticks if tick == span.hours or span.hours - tick >= 2]
        axes.set_xticks(ticks, [f"{_local_hour(span, tick):02d}" for tick in ticks])
        axes.set_xticks(range(span.hours + 1), minor=True)
        if label:
            axes.set_xlabel(f"local time, h ({span.zone.key})", fontsize=7.5, color=SOFT)
    else:
        edges = [hours_from(span, midnight) for midnight in span.midnights()]
        axes.set_xticks(edges, [""] * len(edges))
        middles = [(left + right) / 2 for left, right in pairwise(edges)]
        axes.set_xticks(middles, [f"{local:%a} {local.day}" for local in span.dates], minor=True)
        axes.tick_params(axis="x", which="minor", length=0)


def shade(axes: "Axes", sheet: Sheet, minutes: int) -> None:
    """Shade the nights, and hatch what was not heard."""
    span, settings = sheet.span, sheet.settings.aggregate
    for local in [span.dates[0] - timedelta(days=1), *span.dates]:
        dusk = hours_from(span, span.at(local, settings.night_start))
        dawn_date = local + timedelta(days=1) if settings.day_start <= settings.night_start else local
        dawn = hours_from(span, span.at(dawn_date, settings.day_start))
        axes.axvspan(max(0.0, dusk), min(float(span.hours), dawn), color=NIGHT, lw=0, zorder=0)
    for start, end in sheet.unheard(minutes):
        axes.axvspan(
            hours_from(span, start),
            hours_from(span, end),
            facecolor="white",
            edgecolor=SOFT,
            hatch="////",
            lw=0,
            zorder=3,
        )


def _local_hour(span: Span, hour: int) -> int:
    return span.local(span.start + timedelta(hours=hour)).hour if hour < span.hours else 24
