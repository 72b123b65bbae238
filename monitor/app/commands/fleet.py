"""`fleet`: many nodes at once: what they and their broker need, the collector behind it, a simulation of them."""

import asyncio
import json
import os
import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from monitor.app.broker import BrokerUrl, ConfigFile, settings_for
from monitor.app.failure import Exit, Failure
from monitor.app.stopping import asked_to_stop
from monitor.publish.link.address import Address, MqttConfigError
from monitor.settings import MqttSettings

app = typer.Typer(help="Many nodes: provision them, collect what they say, simulate them.", no_args_is_help=True)


@app.command()
def provision(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="NODES.CSV",
            help="A line a node; columns are keys of the configuration: site, name, place, calibration.floor_dba ...",
        ),
    ],
    broker: Annotated[str, typer.Option(help="mqtts://host:8883 (or mqtt://host:1883, unencrypted).")],
    out: Annotated[Path, typer.Option(help="Folder of the fleet; what is there already is kept.")],
    common: Annotated[Path | None, typer.Option(help="Settings that all nodes share (TOML).")] = None,
    reader: Annotated[list[str] | None, typer.Option(help="Somebody who may read everything; may be repeated.")] = None,
    ca: Annotated[
        str | None,
        typer.Option(help="Authority of the broker's certificate (PEM), or 'system'. Default: one is made."),
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the credential from those no longer named.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> None:
    """Make configuration and credential of each node, and password file, access list and certificate of the broker.

    Run it again after every change of the table: credentials that are there stay, new nodes are added.
    """
    from monitor.app.fleet_files import FleetFiles, Trust
    from monitor.app.provisioning import read

    try:
        address = Address.of(MqttSettings(url=broker))
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, f"{error}.") from None
    if ca is not None and not address.tls:
        raise Failure(Exit.USAGE, "--ca goes with an mqtts:// broker.")
    ca_file = None if ca in (None, "system") else Path(str(ca))
    if ca_file is not None and not ca_file.is_file():
        raise Failure(Exit.MISSING_INPUT, f"There is no file {ca_file}.")
    for name in reader or ():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
            raise Failure(Exit.USAGE, f"--reader {name!r} must be letters, digits, '_', '.' and '-'.")
    trust = Trust(ca_file, make=address.tls and ca is None)
    nodes = read(table, common, broker, own_authority=trust.make or ca_file is not None)
    outcome = FleetFiles(out, address, trust).write(nodes, list(dict.fromkeys(reader or ())), revoke=revoke)
    if as_json:
        typer.echo(json.dumps(asdict(outcome), indent=2))
        return
    for word, names in asdict(outcome).items():
        if names:
            typer.echo(f"{word:<8} {len(names):>5}: {', '.join(names[:4])}{' ...' if len(names) > 4 else ''}")
    if not address.tls:
        typer.echo("The broker's address is mqtt://: passwords and messages travel in clear.", err=True)
    typer.echo(f"Broker: sudo install -D -o mosquitto -m 0600 -t /etc/mosquitto/soundscape {out}/broker/*")
    typer.echo("        sudo systemctl reload mosquitto")
    typer.echo("        (first time: sudo cp deploy/broker/mosquitto.conf /etc/mosquitto/, and restart)")
    typer.echo("        (in the stack of deploy/fleet: docker compose kill -s HUP mosquitto-site)")
    typer.echo(f"Node:   copy {out}/nodes/SITE/NAME to it; sudo deploy/install.sh install --node NAME")


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
    from monitor.publish.fleet.virtual_nodes import simulate as drive

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
    from monitor.publish.fleet.collector import run_collector

    dsn = _dsn(dsn_file)
    stop, settings = asked_to_stop(), settings_for(file, broker)
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
