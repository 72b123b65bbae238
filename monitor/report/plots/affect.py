"""How the place felt: the density of (ISOP, ISOE) in the circumplex, by part of the day."""

from collections import Counter
from math import cos, floor, pi, sin
from typing import TYPE_CHECKING

from monitor.aggregate.days import PARTS
from monitor.report.figures import affect_of
from monitor.report.plots.canvas import INK, SOFT, VERMILLION, Plot, figure, finished
from monitor.report.sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH = 0.8
"""What is shown of the axes -1..1: predictions hardly go further."""
BINS = 28
WORDS = (("vibrant", 1, 1), ("calm", 1, -1), ("chaotic", -1, 1), ("monotonous", -1, -1))
ENDS = (("pleasant", 1, 0), ("annoying", -1, 0), ("eventful", 0, 1), ("uneventful", 0, -1))


def circumplex(sheet: Sheet) -> Plot:
    """Draw how often each place of the circumplex was visited by day, in the evening and at night."""
    points: list[list[tuple[float, float]]] = [[] for _ in PARTS]
    for piece in sheet.pieces:
        point = affect_of(piece.stats)
        if point is not None:
            points[sheet.part(piece.start)].append(point)
    told = []
    with figure(2.75, columns=3) as (made, all_axes):
        for axes, name, found in zip(all_axes, PARTS, points, strict=True):
            _plane(axes, name)
            if not found:
                axes.text(0, 0.1, "not heard", ha="center", color=SOFT)
                told.append(f"{name}: not heard")
                continue
            isop, isoe = [point[0] for point in found], [point[1] for point in found]
            _density(axes, found)
            mean = (sum(isop) / len(isop), sum(isoe) / len(isoe))
            axes.plot(*mean, "o", ms=6, mfc="white", mec=VERMILLION, mew=1.8, zorder=4)
            axes.set_title(
                f"{name}: P {mean[0]:+.2f}, E {mean[1]:+.2f}".replace("-", "−"), fontsize=8.5, color=INK, pad=4
            )
            told.append(f"{name}: mean pleasantness {mean[0]:+.2f}, mean eventfulness {mean[1]:+.2f}")
        return finished(
            made, "circumplex", f"Density of pleasantness and eventfulness, minute by minute. {'; '.join(told)}."
        )


def _density(axes: "Axes", points: list[tuple[float, float]]) -> None:
    """Draw the cells that were visited; the empty ones would only make the page large."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LogNorm

    size = 2 * REACH / BINS
    cells = Counter((floor(isop / size), floor(isoe / size)) for isop, isoe in points)
    corners = [
        [((across + x) * size, (up + y) * size) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))] for across, up in cells
    ]
    shades = LogNorm(0.4, max(max(cells.values()), 2))
    drawn = PolyCollection(corners, cmap="cividis_r", norm=shades, linewidths=0, zorder=2)
    drawn.set_array(list(cells.values()))
    axes.add_collection(drawn)


def _plane(axes: "Axes", name: str) -> None:
    axes.set_title(name, fontsize=8.5, color=INK, pad=4)
    turns = [2 * pi * step / 90 for step in range(91)]
    axes.plot(
        [REACH * cos(turn) for turn in turns], [REACH * sin(turn) for turn in turns], color=SOFT, lw=0.7, zorder=1
    )
    axes.axhline(0, color=SOFT, lw=0.6, zorder=1)
    axes.axvline(0, color=SOFT, lw=0.6, zorder=1)
    for word, across, up in WORDS:
        axes.text(
            across * REACH * 1.08, up * REACH * 0.99, word, fontsize=7, style="italic", color=INK,
            ha="right" if across > 0 else "left", va="center", zorder=3,
        )  # fmt: skip
    for word, across, up in ENDS:
        axes.text(
            across * REACH * 0.98, up * REACH * 1.12 + (0.06 if not up else 0), word, fontsize=6.5, color=SOFT,
            ha="right" if across > 0 else "left" if across < 0 else "center", va="center", zorder=3,
        )  # fmt: skip
    axes.set_xlim(-REACH * 1.1, REACH * 1.1)
    axes.set_ylim(-REACH * 1.18, REACH * 1.18)
    axes.set_aspect("equal")
    axes.axis("off")
