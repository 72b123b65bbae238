"""Bars in text: a level over time or over frequency, with its scale beside it."""

import math
from collections.abc import Sequence

from rich.text import Text

from monitor.dashboard.glyphs import Glyphs
from monitor.types import THIRD_OCTAVES_HZ

AXIS_WIDTH = 4
"""Columns that the scale takes."""
STEP_DB = 10.0


def scale(values: Sequence[float | None], least_span_db: float) -> tuple[float, float]:
    """Return the bottom and top of a scale in tens of dB that holds all values and spans at least `least_span_db`."""
    known = [value for value in values if value is not None]
    if not known:
        return 30.0, 30.0 + least_span_db
    low = STEP_DB * math.floor(min(known) / STEP_DB)
    high = STEP_DB * math.ceil((max(known) + 1) / STEP_DB)
    while high - low < least_span_db:
        low, high = low - STEP_DB, high
    return low, high


def columns(
    values: Sequence[float | None], rows: int, low: float, high: float, glyphs: Glyphs, style: str, every: int = 1
) -> list[Text]:
    """Draw values as columns that rise from `low` to `high`, with the scale on the left.

    Unknown values get a mark, but not those before the first known one. Each value takes `every` columns, the last one
    of them empty where there are more than one.
    """
    steps = rows * 8
    first = next((index for index, value in enumerate(values) if value is not None), len(values))
    fills = [None if value is None else round(steps * (value - low) / (high - low)) for value in values]
    lines = []
    for row in range(rows):
        mark = high if row == 0 else low if row == rows - 1 and rows > 1 else None
        line = Text("", no_wrap=True)
        line.append(f"{'' if mark is None else f'{mark:.0f}':>{AXIS_WIDTH - 1}} ", "dim")
        base = (rows - 1 - row) * 8
        for index, fill in enumerate(fills):
            if fill is None:
                line.append(glyphs.missing if row == rows - 1 and index > first else " ", "dim")
                cell = ""
            else:
                least = 1 if row == rows - 1 else 0
                cell = glyphs.rises[max(least, min(8, fill - base))]
                line.append(cell, style)
            if every > 1:
                line.append((cell or " ") * (every - 2), style).append(" ")
        lines.append(line)
    return lines


def frequency_axis(every: int) -> Text:
    """Return the labels under third-octave bars that take `every` columns each."""
    text = [" "] * (AXIS_WIDTH + every * len(THIRD_OCTAVES_HZ) + 3)
    for index, hertz in enumerate(THIRD_OCTAVES_HZ):
        if hertz in (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000) and (every > 1 or hertz >= 63):
            name = f"{hertz / 1000:.0f}k" if hertz >= 1000 else f"{hertz:g}"
            if every == 1 and hertz in (125, 500, 2000, 8000):
                continue
            start = AXIS_WIDTH + every * index
            text[start : start + len(name)] = name
    return Text("".join(text).rstrip() + " Hz", style="dim", no_wrap=True)


def meter(share: float, width: int, glyphs: Glyphs, style: str) -> Text:
    """Draw a share 0..1 as a bar of `width` columns."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    bar = glyphs.grows[8] * full + (glyphs.grows[rest] if rest and full < width else "")
    bar = bar.rstrip() or (glyphs.grows[1] if eighths and not glyphs.ascii else "")
    text = Text(bar, style=style, no_wrap=True)
    return text.append(glyphs.track * (width - len(bar)), "dim")
