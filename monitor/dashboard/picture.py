"""A picture of the dashboard from a recording: `python -m monitor.dashboard.picture FILE.jsonl OUT.svg [COLUMNSxROWS]`.

`soundscape-monitor subscribe --kind live/snapshot --json > FILE.jsonl` makes the recording on a node that runs.
"""

import re
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from monitor.dashboard.frame import render
from monitor.dashboard.recent import Recent
from monitor.dashboard.replay import recorded
from monitor.snapshot import Snapshot

SIZE = (120, 40)
THEME = TerminalTheme(
    (16, 22, 29),
    (214, 220, 226),
    [
        *((52, 61, 70), (255, 107, 90), (70, 194, 142), (245, 193, 82)),
        *((79, 141, 214), (204, 140, 178), (86, 190, 224), (214, 220, 226)),
    ],
    [
        *((110, 122, 134), (255, 140, 125), (110, 220, 172), (255, 214, 120)),
        *((120, 172, 235), (225, 170, 202), (130, 214, 240), (255, 255, 255)),
    ],
)
"""Colours of the picture: background, text, the eight colours and their bright forms."""


def picture(snapshots: Iterable[Snapshot], columns: int, rows: int) -> str:
    """Return the dashboard after the last of the snapshots as SVG that needs no font or file from elsewhere.

    Raises ValueError where there is no snapshot.
    """
    recent, last = Recent(), None
    for last in snapshots:
        recent.add(last)
    if last is None:
        raise ValueError("there is no snapshot to draw")
    console = Console(
        width=columns, height=rows, record=True, file=StringIO(), force_terminal=True, color_system="truecolor",
        legacy_windows=False, _environ={"TERM": "xterm-256color"},
    )  # fmt: skip
    console.print(render(last, recent, columns, rows), end="")
    svg = console.export_svg(title=f"soundscape-monitor: {last.site}/{last.node}", theme=THEME, unique_id="dashboard")
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, monospace")


def main(arguments: list[str]) -> int:
    """Draw a recording; return the exit code."""
    size = re.fullmatch(r"(\d+)x(\d+)", arguments[2]) if len(arguments) == 3 else None
    if len(arguments) not in (2, 3) or (len(arguments) == 3 and size is None):
        print("usage: python -m monitor.dashboard.picture FILE.jsonl OUT.svg [COLUMNSxROWS]", file=sys.stderr)
        return 2
    columns, rows = (int(size[1]), int(size[2])) if size else SIZE
    try:
        Path(arguments[1]).write_text(picture(recorded(Path(arguments[0])), columns, rows), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 65
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
