"""`run`: the main job."""

import logging
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.app import config, logs
from monitor.app.failure import Exit, Failure
from monitor.app.node import Node, Options, assemble
from monitor.app.notify import Notifier
from monitor.app.stopping import asked_to_stop
from monitor.app.watch import Watch
from monitor.memory import keep_together
from monitor.publish.contract.messages import Durable
from monitor.settings import Settings
from monitor.sources.chatter import silence_native_chatter
from monitor.sources.contract import SourceError

log = logging.getLogger(__name__)


class Drawing(StrEnum):
    """Whether the dashboard is drawn."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def run(
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    source: Annotated[
        str | None,
        typer.Option(help="mic, demo, or a sound file or folder. Default: the microphone, else the demo scene."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Part of the input device's name; see `devices`.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="A file as fast as it goes, on a simulated clock.")] = False,
    start: Annotated[
        str | None, typer.Option(help="UTC of a file's first sample (ISO 8601). Default: 2000-01-01T00:00:00Z.")
    ] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds of sound.")] = None,
    dashboard: Annotated[
        Drawing, typer.Option(help="Draw the live view; auto: when there is a terminal.")
    ] = Drawing.AUTO,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every minute, event, period and caption as a JSON line.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(
            help="State folder. Default: $STATE_DIRECTORY, else the XDG state folder; for a file or the demo a "
            "temporary one, and then nothing is told to the configured broker and webhook."
        ),
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Logs as JSON lines.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More logs.")] = False,
) -> None:
    """Listen, and say what it sounds like: levels, loudness, scene, sounds, affect, captions.

    With nothing configured: the default microphone (a synthesised demo scene where there is none), a demo broker on
    loopback, captions by template, and the dashboard. Stop with q or Ctrl-C.
    """
    keep_together()
    settings = config.load(config.find(file))
    if device is not None:
        settings = settings.model_copy(update={"audio": settings.audio.model_copy(update={"device": device})})
    options = Options(_source(source, fast), fast, _start(start), duration, state)
    draw = _draws(dashboard, as_json)
    if not fast:
        silence_native_chatter()
    logs.set_up(json_lines=log_json, verbose=verbose, quiet=draw)
    with ExitStack() as stack:
        node = assemble(settings, options, _print_json if as_json else _nothing, stack)
        _stay(node, settings, stack, draw=draw, lines=not (draw or as_json or log_json or fast))


def _stay(node: Node, settings: Settings, stack: ExitStack, *, draw: bool, lines: bool) -> None:
    """Start the node and stay with it until it ends; then end the process as it deserves."""
    stopping = asked_to_stop()
    if settings.report.metrics_port is not None:
        from monitor.app import metrics

        server, _ = metrics.serve(settings.report.metrics_port, lambda: node.looking.newest)
        stack.callback(server.shutdown)
    watch = Watch(node, Notifier(), stopping, draw=draw, lines=lines)
    watch.stay()
    failure = node.pipeline.failure
    if failure is not None:
        stage, error = failure
        if isinstance(error, SourceError | Failure):
            raise error
        log.critical("stage.failed", exc_info=error, extra={"stage": stage})
        raise Failure(Exit.INTERNAL, f"The stage '{stage}' failed unexpectedly: {type(error).__name__}: {error}")
    if (broken := watch.publisher_failure) is not None:
        log.critical("publisher.failed", exc_info=broken)
        raise Failure(Exit.INTERNAL, f"Publishing failed unexpectedly: {type(broken).__name__}: {broken}")
    if node.source.faults:
        raise Failure(Exit.BAD_INPUT, " ".join(node.source.faults))


def _source(source: str | None, fast: bool) -> str | None:
    if fast and source in (None, "mic"):
        raise Failure(Exit.USAGE, "--fast needs sound that can be read fast: give --source FILE (or demo).")
    return source


def _start(start: str | None) -> datetime | None:
    if start is None:
        return None
    try:
        time_ = datetime.fromisoformat(start)
    except ValueError:
        raise Failure(Exit.USAGE, f"--start {start} is no ISO 8601 time such as 2026-05-01T12:00:00Z.") from None
    return time_.replace(tzinfo=UTC) if time_.tzinfo is None else time_.astimezone(UTC)


def _draws(dashboard: Drawing, as_json: bool) -> bool:
    if dashboard is Drawing.OFF or (dashboard is Drawing.AUTO and as_json):
        return False
    from monitor.dashboard.live import can_draw  # late: a node without a terminal draws nothing

    if dashboard is Drawing.ON and not can_draw():
        raise Failure(Exit.USAGE, "--dashboard on needs a terminal; without one, plain lines are logged.")
    return can_draw()


def _print_json(record: Durable) -> None:
    sys.stdout.write(f'{{"type":"{type(record).__name__}","record":{record.model_dump_json()}}}\n')
    sys.stdout.flush()


def _nothing(record: Durable) -> None:
    pass
