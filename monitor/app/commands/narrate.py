"""`narrate`: put a period of the history into words again, or show what would be sent to the language model."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from monitor.app import config
from monitor.app.failure import Exit, Failure
from monitor.model.bundle import Bundle
from monitor.narrate.narrator import Narrator
from monitor.records import PeriodSummary
from monitor.settings import Settings
from monitor.store.history import History


def narrate(
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    at: Annotated[str | None, typer.Option(help="A time in the period (ISO 8601, UTC). Default: the newest.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print exactly what would be sent; send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The caption with its facts as JSON.")] = False,
    state: Annotated[Path | None, typer.Option(help="State folder. Default: as for `run`.")] = None,
) -> None:
    """Put a reporting period of this node's history into words, with the configured narrator."""
    settings = config.load(config.find(file))
    history = History(config.existing_state(state) / "history.db", settings.aggregate, settings.node.time_zone)
    period = _period(history, settings, at)
    bundle = Bundle.load(settings.model.bundle)
    narrator = Narrator(settings.narrate, settings.node, thresholds=bundle.active_from)
    usual = history.usual(period.start)
    if dry_run:
        typer.echo(narrator.dry_run(period, usual))
        return
    caption = narrator.narrate(period, usual)
    if as_json:
        typer.echo(caption.model_dump_json(indent=2))
        return
    console = Console()
    console.print(Text(caption.headline, "bold"))
    console.print(Text(caption.text))
    console.print(Text(f"{period.start:%Y-%m-%d %H:%M} UTC, {caption.source} {caption.model or ''}".rstrip(), "dim"))


def _period(history: History, settings: Settings, at: str | None) -> PeriodSummary:
    try:
        time = datetime.now(UTC) if at is None else datetime.fromisoformat(at)
    except ValueError:
        raise Failure(Exit.USAGE, f"--at {at} is no ISO 8601 time such as 2026-05-01T12:00:00Z.") from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    length = timedelta(minutes=settings.aggregate.period_min)
    since = time - (timedelta(days=7) if at is None else length)
    periods = history.periods(since, time + timedelta(microseconds=1))
    if not periods:
        where = "in the last 7 days" if at is None else f"at {at}"
        raise Failure(Exit.MISSING_INPUT, f"The history holds no reporting period {where}.")
    return periods[-1]
