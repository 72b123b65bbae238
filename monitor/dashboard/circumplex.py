"""The circumplex of ISO/TS 12913-3, drawn in text: where the place is now, where it came from, how unsure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from monitor.dashboard.canvas import Canvas, Pen
from monitor.dashboard.figures import feeling, signed
from monitor.dashboard.glyphs import Glyphs, glyphs_for

RING = Pen(0, "dim", ".")
AXIS = Pen(1, "dim", "-")
AXIS_UP = Pen(1, "dim", "|")
SPREAD = Pen(2, "yellow", ":")
TRAIL = Pen(3, "blue", ",")
PATH = Pen(4, "bold cyan", "o")
CORNERS = (("chaotic", -1, -1), ("vibrant", 1, -1), ("monotonous", -1, 1), ("calm", 1, 1))


@dataclass(frozen=True, slots=True)
class Feeling:
    """A point of the circumplex with the spread between listeners; None where unknown."""

    isop: float | None
    isoe: float | None
    isop_sd: float | None = None
    isoe_sd: float | None = None


class Circumplex:
    """Draws pleasantness to the right and eventfulness upwards, each -1..1, with the path that led here.

    `trail` holds older points (drawn as single dots), `path` the recent ones (joined), oldest first.
    """

    def __init__(
        self,
        now: Feeling,
        trail: Sequence[tuple[float, float]] = (),
        path: Sequence[tuple[float, float]] = (),
        rows: int | None = None,
    ) -> None:
        self._now = now
        self._trail = trail
        self._path = path
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs = glyphs_for(console, options)
        rows = self._rows or options.height or 15
        notes = self._notes(glyphs, options.max_width)
        drawn = max(3, rows - len(notes))
        yield from self._draw(options.max_width, drawn, glyphs).lines()
        yield from notes

    def _draw(self, columns: int, rows: int, glyphs: Glyphs) -> Canvas:
        canvas = Canvas(columns, rows, glyphs)
        high = min(rows, columns / 2) / 2 - 0.125
        wide = 2 * high
        middle = (columns / 2, rows / 2)

        def place(isop: float, isoe: float) -> tuple[float, float]:
            return middle[0] + isop * wide, middle[1] - isoe * high

        for step in range(steps := round(16 * high)):
            turn = 2 * math.pi * step / steps
            canvas.dot(*place(math.cos(turn), math.sin(turn)), RING)
        for step in range(-(ticks := round(2 * high)), ticks + 1):
            canvas.dot(*place(step / ticks, 0), AXIS)
            canvas.dot(*place(0, step / ticks), AXIS_UP)
        if glyphs.ascii:
            canvas.line(place(-1, 0), place(1, 0), AXIS)
        self._spread(canvas, place(0, 0), wide, high)
        for isop, isoe in self._trail:
            canvas.dot(*place(isop, isoe), TRAIL)
        canvas.path([place(*point) for point in self._path], PATH)
        self._words(canvas, middle, wide)
        if self._now.isop is not None and self._now.isoe is not None:
            column, row = place(self._now.isop, self._now.isoe)
            canvas.write(int(column), min(int(row), rows - 1), glyphs.here, "bold bright_white")
        return canvas

    def _spread(self, canvas: Canvas, middle: tuple[float, float], wide: float, high: float) -> None:
        now = self._now
        if now.isop is None or now.isoe is None or not now.isop_sd or not now.isoe_sd:
            return
        for step in range(steps := max(24, round(12 * wide * max(now.isop_sd, now.isoe_sd)))):
            turn = 2 * math.pi * step / steps
            isop = now.isop + now.isop_sd * math.cos(turn)
            isoe = now.isoe + now.isoe_sd * math.sin(turn)
            canvas.dot(middle[0] + isop * wide, middle[1] - isoe * high, SPREAD)

    @staticmethod
    def _words(canvas: Canvas, middle: tuple[float, float], wide: float) -> None:
        last = canvas.rows - 1
        left, right = round(middle[0] - wide), round(middle[0] + wide)
        canvas.write(round(middle[0]) - 4, 0, "eventful", "")
        canvas.write(round(middle[0]) - 5, last, "uneventful", "")
        canvas.write(left - 4, canvas.rows // 2, "annoying", "")
        canvas.write(right - 4, canvas.rows // 2, "pleasant", "")
        for word, across, down in CORNERS:
            column = left - 4 if across < 0 else right + 4 - len(word)
            canvas.write(column, 0 if down < 0 else last, word, "italic")

    def _notes(self, glyphs: Glyphs, width: int) -> list[Text]:
        now = self._now
        word = feeling(now.isop, now.isoe)
        if word is None:
            return [Text("no prediction yet", style="dim", justify="center")]

        def axis(name: str, value: float | None, spread: float | None) -> str:
            unsure = "" if spread is None else f"{glyphs.plus_minus}{spread:.2f}"
            return f"{name} {signed(value, glyphs.none)}{unsure}"

        long = (axis("pleasant", now.isop, now.isop_sd), axis("eventful", now.isoe, now.isoe_sd))
        short = (axis("P", now.isop, now.isop_sd), axis("E", now.isoe, now.isoe_sd))
        figures = "  ".join(long if sum(map(len, long)) + 2 <= width else short)
        unsure = "ellipse: listeners, 1 SD" if now.isop_sd and now.isoe_sd else "listeners differ"
        told = Text(word, style="bold", justify="center", no_wrap=True).append(f"  {unsure}", "not bold dim")
        return [Text(figures, justify="center", no_wrap=True, overflow=glyphs.overflow), told]
