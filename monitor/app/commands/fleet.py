"""`fleet`: many nodes at once: a simulation of them, and the collector behind their broker."""

import asyncio
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from monitor.app.broker import BrokerUrl, ConfigFile, settings_for
from monitor.app.failure import Exit, Failure
from monitor.publish.address import MqttConfigError

app = typer.Typer(help="Many nodes: simulate them, collect what they say.", no_args_is_help=True)


@app.command()
def simulate(
    nodes: Annotated[int, typer.Option(min=1, help="Virtual nodes.")] = 100,
    duration: Annotated[float, typer.Option(min=1, help="How long they talk, s.")] = 600,
    speed: Annotated[float, typer.Option(min=0.1, help="Virtual minutes in a minute.")] = 1.0,
    site: Annotated[str, typer.Option(help="Site that the nodes belong to.")] = "fleet",
    broker: BrokerUrl = None,
    file: ConfigFile = None,
) -> None:
    """Drive a broker with virtual nodes: minutes, events, periods, captions and health, as real nodes send them."""
    from monitor.publish.fleet import simulate as drive

    settings = settings_for(file, broker)
    try:
        counts = asyncio.run(
            drive(settings, nodes=nodes, duration_s=duration, site=site, speed=speed, on_progress=_tell)
        )
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, f"{error}.") from None
    _tell(counts)
    if counts["unacknowledged"] or not counts["acknowledged"]:
        raise Failure(Exit.DEVICE, f"The broker left {counts['unacknowledged']} messages unacknowledged.")


@app.command()
def collect(
    dsn_file: Annotated[
        Path | None, typer.Option(help="File with the database's connection string. Default: $DATABASE_URL.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of this collector; several share the work.")] = "1",
    broker: BrokerUrl = None,
    file: ConfigFile = None,
) -> None:
    """Write all durable messages into PostgreSQL (TimescaleDB where it is installed), each once."""
    from monitor.publish.collector import run_collector

    dsn = _dsn(dsn_file)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    settings = settings_for(file, broker)
    try:
        counts = run_collector(settings, dsn, name=name, stop=stop, on_state=lambda s: typer.echo(s, err=True))
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, f"{error}.") from None
    _tell(counts)


def _dsn(path: Path | None) -> str:
    try:
        text = path.read_text().strip() if path is not None else os.environ.get("DATABASE_URL", "")
    except OSError as error:
        raise Failure(Exit.CONFIG, f"{path} cannot be read: {error.strerror}.") from None
    if not text:
        raise Failure(Exit.USAGE, "Give the database's connection string by --dsn-file or in DATABASE_URL.")
    return text


def _tell(counts: Counter[str]) -> None:
    typer.echo(", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "nothing yet")
