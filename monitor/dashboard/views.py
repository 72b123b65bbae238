"""The parts of the dashboard, each drawn from a snapshot in whatever room it is given."""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from monitor.dashboard.charts import AXIS_WIDTH, columns, frequency_axis, meter, scale
from monitor.dashboard.figures import clock, duration, label, number, percent
from monitor.dashboard.glyphs import Glyphs, clean, glyphs_for
from monitor.dashboard.recent import KEPT_S, Recent
from monitor.narrate.facts.sounds import SETTINGS, TOLD_BY, VAGUE
from monitor.snapshot import Snapshot
from monitor.types import THIRD_OCTAVES_HZ

DATA = "cyan"
GOOD = "green"
WARN = "not dim bold yellow"
FAIL = "not dim bold red"
UNCALIBRATED = "UNCALIBRATED: levels relative"
PARTIAL = "PARTIAL: less than 30 s heard"
SHORT_SCENES = {"public_square": "square", "street_traffic": "street"}
LEAST_PROB = 0.05
STEPS_S = (1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60)
WANTED_S = 300
"""Time the sparkline shows at least, s."""


def pairs(items: list[tuple[str, str]], glyphs: Glyphs, gap: str = "  ") -> Text:
    """Return names and figures on one line, names dim."""
    text = Text(no_wrap=True, overflow=glyphs.overflow)
    for index, (name, value) in enumerate(items):
        text.append(gap if index else "").append(f"{name} ", "dim").append(value)
    return text


class LevelView:
    """Sound level now, over the last minutes and over frequency, and loudness."""

    def __init__(self, snapshot: Snapshot, recent: Recent) -> None:
        self._snapshot = snapshot
        self._recent = recent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs, width = glyphs_for(console, options), options.max_width
        height = options.height or 10
        roomy = height >= 16
        yield from self._figures(glyphs, roomy)
        left = height - (5 if roomy else 2)
        bars = max(0, min(10, (left - 1) // 2)) if left >= 5 else 0
        trend = max(1, left - bars - (2 if roomy and bars else 1 if bars else 0))
        yield from self._trend(trend, width, glyphs, roomy)
        if bars:
            if roomy:
                yield Text("third octaves, dB", style="dim", no_wrap=True)
            every = max(1, min(4, (width - AXIS_WIDTH) // len(THIRD_OCTAVES_HZ)))
            _, high = scale([*self._snapshot.bands, 70.0], 60.0)
            bands = self._snapshot.bands or [None] * len(THIRD_OCTAVES_HZ)
            yield from columns(bands, bars, high - 60.0, high, glyphs, DATA, every)
            yield frequency_axis(every)

    def _figures(self, glyphs: Glyphs, roomy: bool) -> RenderResult:
        snapshot, none = self._snapshot, glyphs.none
        first = Text(no_wrap=True, overflow=glyphs.overflow)
        first.append(f" {number(snapshot.LAF, none=none)}", "bold").append(" dB(A)", "bold")
        first.append("  ").append(" LAF now" if roomy else "LAF", "dim")
        if snapshot.LAF is None and snapshot.quality.under_range_pct > 0:
            first.append("  below the measuring range", WARN)
        if snapshot.quality.overload_pct > 0:
            first.append(f"  {glyphs.warn} OVERLOAD", FAIL)
        if snapshot.quality.wind_pct >= 10:
            first.append(f"  {glyphs.warn} wind on the microphone", WARN)
        first.append(f"   {number(snapshot.N, none=none)}", "bold").append(" sone", "bold")
        first.append("  N5 ", "dim").append(number(snapshot.N5_60s, none=none))
        yield first
        names = (("LAeq,60s", snapshot.LAeq_60s), ("L90", snapshot.L90_60s), ("LAFmax", snapshot.LAFmax_60s))
        yield pairs([(f" {name}", number(value, none=none)) for name, value in names], glyphs, " ")

    def _trend(self, rows: int, width: int, glyphs: Glyphs, roomy: bool) -> RenderResult:
        room = max(1, width - AXIS_WIDTH)
        step = next((step for step in STEPS_S if step * room >= WANTED_S), STEPS_S[-1])
        shown = min(room, KEPT_S // step)
        levels = self._recent.levels(shown, step)
        low, high = scale(levels, 30.0)
        if roomy:
            yield Text("")
            yield Text(f"LAeq, dB(A), last {duration(shown * step)}", style="dim", no_wrap=True)
        yield from columns(levels, rows, low, high, glyphs, DATA)
        if roomy:
            yield Text("")


class SoundView:
    """What is heard: the scene, and the likeliest sounds with how long each has lasted."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs, width, height = glyphs_for(console, options), options.max_width, options.height or 8
        scene = self._snapshot.scene
        roomy = height >= 10
        ranked = sorted(scene.prob.items(), key=lambda item: -item[1])
        if roomy:
            for name, prob in ranked:
                yield self._row(name, prob, width, glyphs, None, name == scene.label)
            yield Text("")
        elif ranked:
            text = Text(no_wrap=True, overflow=glyphs.overflow)
            for index, (name, prob) in enumerate(ranked):
                shown = f"{SHORT_SCENES.get(name, label(name))} {percent(prob)}"
                text.append("  " if index else "").append(shown, "bold" if name == scene.label else "dim")
            yield text
        else:
            yield Text(f"no scene: {label(scene.reason or 'no prediction')}", style="dim")
        rest = height - (len(ranked) + 1 if roomy else 1)
        names = self._ranked_events()[: max(0, rest)]
        for name, prob in names:
            yield self._row(name, prob, width, glyphs, self._snapshot.active.get(name), name in self._snapshot.active)
        if not names:
            yield Text("no sound stands out", style="dim")

    def _ranked_events(self) -> list[tuple[str, float]]:
        active = self._snapshot.active
        heard = [item for item in self._snapshot.events.items() if item[1] >= LEAST_PROB or item[0] in active]
        shown = [item for item in heard if not active.keys() & set(TOLD_BY.get(item[0], ()))]
        return sorted(shown, key=lambda item: (item[0] not in active, item[0] in SETTINGS | VAGUE, -item[1]))

    @staticmethod
    def _row(name: str, prob: float, width: int, glyphs: Glyphs, lasted: float | None, strong: bool) -> Text:
        names = min(26, max(12, width - 27))
        shown = label(name)
        shown = shown if len(shown) <= names else shown[: names - 1].rstrip() + glyphs.more
        text = Text(f"{glyphs.on if strong else glyphs.off} ", style=DATA if strong else "", no_wrap=True)
        text.append(f"{shown:<{names}} ", "bold" if strong else "dim")
        text.append_text(meter(prob, max(4, min(30, width - names - 19)), glyphs, DATA if strong else "dim"))
        text.append(f" {100 * prob:3.0f} %", "" if strong else "dim")
        return text.append(f" {duration(lasted):>9}" if lasted is not None else "")


class CaptionView:
    """The latest words about the place, and who wrote them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs, snapshot = glyphs_for(console, options), self._snapshot
        text = Text(overflow="fold")
        if not (snapshot.caption_headline or snapshot.caption_text):
            yield text.append("no caption yet: the first comes at the end of the reporting period", "dim")
            return
        if snapshot.caption_headline:
            text.append(clean(snapshot.caption_headline, glyphs), "bold")
        if snapshot.caption_text:
            text.append("  ").append(clean(snapshot.caption_text, glyphs))
        lines = text.wrap(console, options.max_width)
        rows = options.height or len(lines)
        if len(lines) > rows:
            last = lines[rows - 1]
            last.truncate(options.max_width - 3)
            last.append("...")
        yield from lines[:rows]


def caption_title(snapshot: Snapshot) -> str:
    """Return the heading of the caption: when, and by whom."""
    if snapshot.caption_at is None:
        return "In words"
    author = {"llm": "language model", "template": "template"}.get(snapshot.caption_source or "", "")
    return f"In words {clock(snapshot.caption_at)[:5]} UTC" + (f", {author}" if author else "")
