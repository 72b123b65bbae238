"""What the operator wants to see: is the node well, and if not, why."""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from monitor.dashboard.figures import clock, duration, number
from monitor.dashboard.glyphs import Glyphs, clean, glyphs_for
from monitor.dashboard.views import FAIL, GOOD, WARN
from monitor.snapshot import Health, Snapshot

SHORT_VALUE = 22
"""Characters of a value where there is little room."""
STATES = {"ok": GOOD, "degraded": WARN, "failing": FAIL}


def state_mark(health: Health, glyphs: Glyphs) -> Text:
    """Return the state as a mark and a word, so that colour only repeats what they say."""
    mark = {"ok": glyphs.ok, "degraded": glyphs.warn, "failing": glyphs.fail}[health.state]
    return Text(f"{mark} {health.state.upper() if health.state != 'ok' else 'ok'}", style=STATES[health.state])


class HeaderView:
    """One line: which node, when, and how it is."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs, snapshot = glyphs_for(console, options), self._snapshot
        left = Text(" ", no_wrap=True)
        if options.max_width >= 70:
            left.append("Soundscape Monitor  ", "bold cyan")
        left.append(f"{clean(snapshot.site, glyphs)}/{clean(snapshot.node, glyphs)}", "bold")
        right = Text(f"{snapshot.at:%Y-%m-%d} " if options.max_width >= 100 else "", no_wrap=True)
        right.append(clock(snapshot.at)).append("  ").append_text(state_mark(snapshot.health, glyphs)).append(" ")
        left.truncate(max(1, options.max_width - len(right)), overflow=glyphs.overflow)
        left.pad_right(options.max_width - len(left) - len(right))
        yield left.append_text(right)


class OperatorView:
    """Capture, losses, lag, queues, broker, language model, calibration: flowing into the room there is."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs, health = glyphs_for(console, options), self._snapshot.health
        rows = options.height or 3
        lines: list[Text] = []
        if health.reasons:
            reasons = "; ".join(clean(reason, glyphs) for reason in health.reasons)
            lines.append(
                Text(f"{glyphs.warn} {reasons}", style=STATES[health.state], no_wrap=True, overflow=glyphs.overflow)
            )
        items = self._items(glyphs, full=options.max_width >= 110)
        line = Text(no_wrap=True)
        for item in items:
            if line and len(line) + 2 + len(item) > options.max_width:
                lines.append(line)
                line = Text(no_wrap=True)
            line.append("  " if line else "").append_text(item)
        yield from [*lines, line][:rows]

    def _items(self, glyphs: Glyphs, full: bool) -> list[Text]:
        snapshot, health = self._snapshot, self._snapshot.health
        lag = "-" if health.inference_lag_s is None else f"{health.inference_lag_s:.1f} s"
        gaps = f"{health.gaps}" + (f" ({duration(health.gap_s)})" if health.gaps else "")
        queues = "/".join(str(depth) for depth in health.queues.values()) or "0"
        if full and health.queues:
            queues = " ".join(f"{clean(name, glyphs)} {depth}" for name, depth in health.queues.items())
        items: list[tuple[str, str, bool]] = [
            ("capture", health.capture, False),
            ("gaps", gaps, health.gaps > 0),
            ("drops", str(health.drops), health.drops > 0),
            ("lag", lag, (health.inference_lag_s or 0) > 2 * health.hop_s),
            ("queues", queues, False),
            (
                "calibration",
                health.calibration if snapshot.quality.calibrated else "none",
                not snapshot.quality.calibrated,
            ),
            ("broker", health.broker, False),
            ("LLM", health.llm, False),
            ("outbox", str(health.outbox), False),
            ("up", duration(health.uptime_s), False),
            ("clock", health.clock, health.clock == "unsynchronised"),
            ("hop", f"{health.hop_s:g} s", False),
        ]
        if full:
            items.append(("captions refused", str(health.captions_rejected), False))
            items.append(("clipped", f"{snapshot.quality.clipped_pct:.1f} %", snapshot.quality.clipped_pct > 0))
            resources = (("CPU", health.cpu_pct, "%"), ("memory", health.rss_mb, "MB"))
            items += [
                (name, f"{number(value, 0)} {unit}", False) for name, value, unit in resources if value is not None
            ]
            if health.disk_free_mb is not None:
                items.append(("disk free", f"{health.disk_free_mb / 1000:.1f} GB", health.disk_free_mb < 200))
            items.append(("written", f"{health.bytes_written_day / 1e6:.1f} MB/day", False))
            items.append(("sent", f"{health.bytes_sent_day / 1e6:.1f} MB/day", False))
        longest = 200 if full else SHORT_VALUE
        return [
            self._item(name, _cut(clean(value, glyphs), longest, glyphs), warn, glyphs) for name, value, warn in items
        ]

    @staticmethod
    def _item(name: str, value: str, warn: bool, glyphs: Glyphs) -> Text:
        return Text(f"{name} ", style="dim").append(
            f"{value}{glyphs.warn}" if warn else value, WARN if warn else "not dim"
        )


def _cut(value: str, longest: int, glyphs: Glyphs) -> str:
    return value if len(value) <= longest else value[: longest - 1].rstrip(" ,:;") + glyphs.more
