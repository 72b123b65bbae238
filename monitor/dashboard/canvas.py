"""A canvas of text cells: dots in braille (2 x 4 a cell) or, where there is only ASCII, one character a cell."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from monitor.dashboard.glyphs import Glyphs

BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of each dot in a braille cell, by row and column (Unicode block U+2800)."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How dots look; a cell takes the look of its highest pen."""

    rank: int
    style: str
    ascii: str


class Canvas:
    """Cells to draw dots and words in; coordinates are cells, fractional for dots, from the top left."""

    def __init__(self, columns: int, rows: int, glyphs: Glyphs) -> None:
        self.columns = columns
        self.rows = rows
        self._glyphs = glyphs
        self._bits: dict[tuple[int, int], int] = {}
        self._pens: dict[tuple[int, int], Pen] = {}
        self._words: dict[tuple[int, int], tuple[str, str]] = {}

    def dot(self, x: float, y: float, pen: Pen) -> None:
        """Set one dot; outside the canvas nothing happens."""
        across, down = int(x * self._glyphs.dots_x // 1), int(y * self._glyphs.dots_y // 1)
        cell = (across // self._glyphs.dots_x, down // self._glyphs.dots_y)
        if not (0 <= cell[0] < self.columns and 0 <= cell[1] < self.rows):
            return
        bit = 0 if self._glyphs.ascii else BRAILLE_BITS[down % 4][across % 2]
        self._bits[cell] = self._bits.get(cell, 0) | bit
        if cell not in self._pens or pen.rank >= self._pens[cell].rank:
            self._pens[cell] = pen

    def line(self, start: tuple[float, float], end: tuple[float, float], pen: Pen) -> None:
        """Draw a straight line of touching dots."""
        across = abs(end[0] - start[0]) * self._glyphs.dots_x
        down = abs(end[1] - start[1]) * self._glyphs.dots_y
        steps = max(1, round(max(across, down)))
        for step in range(steps + 1):
            part = step / steps
            self.dot(start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]), pen)

    def path(self, points: Iterable[tuple[float, float]], pen: Pen) -> None:
        """Join points by lines."""
        before: tuple[float, float] | None = None
        for point in points:
            self.line(point if before is None else before, point, pen)
            before = point

    def write(self, column: int, row: int, text: str, style: str) -> None:
        """Put a word over the dots, kept within the canvas."""
        column = max(0, min(column, self.columns - len(text)))
        for offset, char in enumerate(text):
            if 0 <= column + offset < self.columns and 0 <= row < self.rows:
                self._words[(column + offset, row)] = (char, style)

    def lines(self) -> list[Text]:
        """Return the rows as styled text."""
        rows = []
        for row in range(self.rows):
            text = Text(no_wrap=True)
            for column in range(self.columns):
                text.append(*self._cell((column, row)))
            rows.append(text)
        return rows

    def _cell(self, cell: tuple[int, int]) -> tuple[str, str]:
        if cell in self._words:
            return self._words[cell]
        pen = self._pens.get(cell)
        if pen is None:
            return " ", ""
        return (pen.ascii if self._glyphs.ascii else chr(0x2800 + self._bits[cell])), pen.style
