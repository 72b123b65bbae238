"""The whole picture: parts laid out for the terminal's size."""

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.segment import Segment
from rich.text import Text

from monitor.dashboard.circumplex import Circumplex, Feeling
from monitor.dashboard.glyphs import clean, glyphs_for
from monitor.dashboard.operator import HeaderView, OperatorView
from monitor.dashboard.recent import Recent
from monitor.dashboard.views import PARTIAL, UNCALIBRATED, WARN, CaptionView, LevelView, SoundView, caption_title
from monitor.snapshot import Snapshot

ROOMY = (120, 36)
"""Columns and rows from which sections get boxes around them."""
SMALL = (72, 20)
"""Columns and rows below which the circumplex is left out."""
PATH_S = 120.0
"""Time over which the path in the circumplex is joined, s; before that there are dots."""


class Section:
    """A part of the picture with its heading: in a box where there is room, else under a rule."""

    def __init__(self, body: RenderableType, title: str, warning: str | None, note: str, boxed: bool) -> None:
        self._body = body
        self._title = title
        self._warning = warning
        self._note = note
        self._boxed = boxed

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs = glyphs_for(console, options)
        heading = Text(self._title, style="bold not dim")
        if self._warning:
            heading.append("  ").append(clean(self._warning, glyphs), WARN)
        if self._boxed:
            end = Text(self._note, style="dim") if self._note else None
            heading.truncate(options.max_width - 6)
            box = Panel(
                self._body, title=heading, title_align="left", subtitle=end, subtitle_align="right", border_style="dim"
            )
            yield from console.render(box, options)
            return
        note = f" {self._note}" if self._note else ""
        heading.truncate(options.max_width - len(note))
        rule = "-" if glyphs.ascii else "─"
        yield heading.append(" " + rule * (options.max_width - len(heading) - len(note) - 1) + note, "not bold dim")
        inner = options.update(height=max(1, options.height - 1)) if options.height else options
        for line in console.render_lines(self._body, inner, pad=True):
            yield from line
            yield Segment.line()


def render(snapshot: Snapshot, history: Recent, width: int, height: int, notice: str | None = None) -> RenderableType:
    """Return the dashboard for a terminal of `width` columns and `height` rows."""
    boxed = width >= ROOMY[0] and height >= ROOMY[1]

    def section(body: RenderableType, title: str, warning: str | None = None, note: str = "") -> RenderableType:
        return Section(body, title, warning, note, boxed)

    level = section(
        LevelView(snapshot, history),
        "Level and loudness" if boxed else "Level",
        None if snapshot.quality.calibrated else UNCALIBRATED,
    )
    sounds = section(SoundView(snapshot), "What is heard", PARTIAL if snapshot.prediction_partial else None)
    node = section(OperatorView(snapshot), "Node", notice, "q quits")
    small = width < SMALL[0] or height < SMALL[1]
    if small and notice:
        words = section(CaptionView(snapshot), "In words", notice)
    else:
        words = section(CaptionView(snapshot), caption_title(snapshot))
    page = Layout()
    if small:
        page.split_column(
            Layout(HeaderView(snapshot), size=1),
            Layout(level, ratio=3),
            Layout(sounds, ratio=3),
            Layout(words, size=max(2, height // 5)),
        )
        return page
    affect = snapshot.affect
    plane = section(
        Circumplex(
            Feeling(affect.isop, affect.isoe, affect.isop_uncertainty, affect.isoe_uncertainty),
            trail=history.feelings(1800, PATH_S),
            path=history.feelings(PATH_S),
        ),
        "How it feels",
    )
    strip, told = (5, 5) if boxed else (4, 4)
    body = height - 1 - strip - told
    right = min(2 * (body - 4) + 8, round(width * 0.46)) if boxed else 36
    sounds_rows = (15 if boxed else 6) if body < 40 else 18
    left = Layout()
    left.split_column(Layout(level), Layout(sounds, size=min(sounds_rows, body // 2)))
    middle = Layout(size=body)
    gutter = [] if boxed else [Layout(Text(" "), size=1)]
    middle.split_row(left, *gutter, Layout(plane, size=right))
    page.split_column(
        Layout(HeaderView(snapshot), size=1),
        middle,
        Layout(words, size=told),
        Layout(node, size=strip),
    )
    return page
