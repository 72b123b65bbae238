"""The card of one described clip: what it measures, what is heard, how it feels, in words."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.dashboard.charts import meter
from monitor.dashboard.circumplex import Circumplex, Feeling
from monitor.dashboard.figures import duration, label, number
from monitor.dashboard.glyphs import Glyphs, clean, glyphs_for
from monitor.dashboard.views import DATA, UNCALIBRATED, WARN, pairs

WIDEST = 104
"""Columns beyond which a card does not grow."""
NARROWEST = 80
"""Columns below which the circumplex goes under the figures."""
PLANE = (36, 17)
"""Columns and rows of the circumplex."""
EVENTS_SHOWN = 7
LEAST_PROB = 0.1


def card(describe_result: Mapping[str, Any]) -> RenderableType:
    """Return the readable card of a clip from the object that `describe` prints as JSON."""
    return _Card(describe_result)


class _Card:
    def __init__(self, result: Mapping[str, Any]) -> None:
        self._result = result

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs, result = glyphs_for(console, options), self._result
        width = min(options.max_width, WIDEST)
        beside = width >= NARROWEST
        text_width = width - 4 - (PLANE[0] + 3 if beside else 0)
        figures = Group(*self._levels(glyphs, text_width < 40), Text(), *self._heard(glyphs, text_width))
        plane = self._plane()
        body: RenderableType
        if beside:
            body = Table.grid(padding=(0, 3, 0, 0))
            body.add_column(width=text_width)
            body.add_column(width=PLANE[0])
            body.add_row(figures, plane)
        else:
            body = Group(figures, Text(), plane)
        caption = result.get("caption") or {}
        words = Text(clean(str(caption.get("text") or ""), glyphs))
        title = Text(clean(str(result["clip"]), glyphs), style="bold")
        title.append(f"  {duration(result['duration_s'])}", "not bold")
        subtitle = Text(self._origin(caption, glyphs), style="dim")
        yield Panel(
            Group(body, Text(), words) if words else body,
            title=title,
            title_align="left",
            subtitle=subtitle,
            subtitle_align="right",
            border_style="dim",
            width=width,
        )

    def _levels(self, glyphs: Glyphs, narrow: bool) -> list[Text]:
        level, loudness, none = self._result["level"], self._result["loudness"], glyphs.none
        quality = self._result.get("quality", {})

        def row(names: list[tuple[str, str]], table: Mapping[str, Any], unit: str, decimals: int = 1) -> Text:
            shown = [(shown, number(table.get(key), decimals, none)) for shown, key in names]
            return pairs(shown, glyphs, " " if narrow else "  ").append(f" {unit}", "dim")

        lines = [
            row([("LAeq", "LAeq"), ("LAFmax", "LAFmax"), ("LCpeak", "LCpeak")], level, "dB"),
            row([("L10", "L10"), ("L50", "L50"), ("L90", "L90")], level, "dB"),
            row([("N5", "N5"), ("N50", "N50"), ("mean", "N_mean"), ("max", "N_max")], loudness, "sone"),
        ]
        if not quality.get("calibrated", False):
            lines.append(Text(UNCALIBRATED, style=WARN))
        if quality.get("clipped_pct", 0) > 0:
            lines.append(Text(f"{glyphs.warn} {quality['clipped_pct']:.2g} % of the samples at full scale", style=WARN))
        if quality.get("coverage", 1) < 1:
            lines.append(Text(f"{glyphs.warn} {quality['coverage']:.1%} of the clip could be used", style=WARN))
        return lines

    def _heard(self, glyphs: Glyphs, width: int) -> list[Text]:
        scene = self._result.get("scene") or {}
        lines = [
            self._row(name, prob, width, glyphs, name == scene.get("label"))
            for name, prob in sorted((scene.get("prob") or {}).items(), key=lambda item: -item[1])
        ]
        events = sorted((self._result.get("events") or {}).items(), key=lambda item: -item[1])
        heard = [(name, prob) for name, prob in events[:EVENTS_SHOWN] if prob >= LEAST_PROB]
        lines.append(Text())
        lines += [self._row(name, prob, width, glyphs, prob >= 0.5) for name, prob in heard]
        return lines if heard else [*lines, Text("no sound stands out", style="dim")]

    @staticmethod
    def _row(name: str, prob: float, width: int, glyphs: Glyphs, strong: bool) -> Text:
        names = min(27, max(10, width - 16))
        text = Text(f"{label(name)[:names]:<{names}} ", style="bold" if strong else "", no_wrap=True)
        text.append_text(meter(prob, max(4, min(24, width - names - 7)), glyphs, DATA))
        return text.append(f" {100 * prob:3.0f} %")

    def _plane(self) -> Circumplex:
        affect = self._result.get("affect") or {}
        now = Feeling(
            affect.get("isop"), affect.get("isoe"), affect.get("isop_uncertainty"), affect.get("isoe_uncertainty")
        )
        return Circumplex(now, rows=PLANE[1])

    def _origin(self, caption: Mapping[str, Any], glyphs: Glyphs) -> str:
        model = (self._result.get("model") or {}).get("id")
        author = {"llm": "words by the language model", "template": "words from the template"}
        parts = [author.get(caption.get("source", ""), ""), f"model {clean(str(model), glyphs)}" if model else ""]
        return f" {glyphs.dot} ".join(part for part in parts if part)
