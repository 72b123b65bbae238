"""What a terminal can show: Unicode or ASCII characters, and text from elsewhere made harmless."""

import os
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, OverflowMethod

FEW_GLYPHS = frozenset({"linux", "dumb", "vt100", "vt220", "unknown"})
"""Values of TERM whose fonts have no braille and no eighth blocks, whatever the encoding."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters by purpose."""

    ascii: bool
    rises: str
    """Nine fillings of a cell from below, empty to full."""
    grows: str
    """Nine fillings of a cell from the left, empty to full."""
    track: str
    ok: str
    warn: str
    fail: str
    on: str
    off: str
    none: str
    plus_minus: str
    dot: str
    here: str
    missing: str
    more: str
    """After a text that was cut."""
    overflow: OverflowMethod
    dots_x: int
    """Dots of a canvas cell across."""
    dots_y: int


UNICODE = Glyphs(
    ascii=False,
    rises=" ▁▂▃▄▅▆▇█",
    grows=" ▏▎▍▌▋▊▉█",
    track="·",
    ok="●",
    warn="▲",
    fail="✖",
    on="●",
    off=" ",
    none="–",
    plus_minus="±",
    dot="·",
    here="●",
    missing="╳",
    more="…",
    overflow="ellipsis",
    dots_x=2,
    dots_y=4,
)
ASCII = Glyphs(
    ascii=True,
    rises="   ..::##",
    grows="     ####",
    track=".",
    ok="*",
    warn="!",
    fail="X",
    on="*",
    off=" ",
    none="-",
    plus_minus="+-",
    dot="|",
    here="@",
    missing="x",
    more=".",
    overflow="crop",
    dots_x=1,
    dots_y=1,
)


def glyphs_for(console: Console, options: ConsoleOptions) -> Glyphs:
    """Choose characters for a console, from its encoding and, for a terminal, its kind."""
    poor = console.is_terminal and os.environ.get("TERM", "").lower() in FEW_GLYPHS
    return ASCII if options.ascii_only or poor else UNICODE


def clean(text: str, glyphs: Glyphs) -> str:
    """Return text without control characters (captions and names may come from elsewhere), in ASCII where needed."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown.encode("ascii", "replace").decode() if glyphs.ascii else shown
