"""`bridge`: from the broker to the platforms that cities run."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from monitor.app.broker import BrokerUrl, ConfigFile, settings_for
from monitor.app.failure import Exit, Failure
from monitor.app.stopping import asked_to_stop
from monitor.publish.bridges.relay import Unusable
from monitor.publish.link.address import MqttConfigError

app = typer.Typer(
    help="Carry messages from the broker to a city platform. Run it beside the broker; it goes on where it ended.",
    no_args_is_help=True,
)
TokenFile = Annotated[Path | None, typer.Option(help="File with a bearer token for the platform.")]
Site = Annotated[str, typer.Option(help="Site; + for all.")]
ClientId = Annotated[str, typer.Option(help="Name of the session that the broker keeps for this bridge.")]


@app.command()
def fiware(
    context_broker: Annotated[str | None, typer.Option(help="Base URL of an NGSI-LD context broker.")] = None,
    iot_agent: Annotated[str | None, typer.Option(help="Base URL of an IoT Agent JSON (HTTP port).")] = None,
    api_key_file: Annotated[Path | None, typer.Option(help="File with the IoT Agent's API key.")] = None,
    tenant: Annotated[str | None, typer.Option(help="NGSILD-Tenant.")] = None,
    location: Annotated[
        str | None, typer.Option(help="LAT,LON for nodes that publish no location: the data model demands one.")
    ] = None,
    token_file: TokenFile = None,
    site: Site = "+",
    client_id: ClientId = "soundscape-bridge-fiware",
    broker: BrokerUrl = None,
    file: ConfigFile = None,
) -> None:
    """NoiseLevelObserved entities to a context broker, or measures to an IoT Agent JSON."""
    if (context_broker is None) == (iot_agent is None):
        raise Failure(Exit.USAGE, "Give --context-broker or --iot-agent, one of them.")
    from monitor.publish.bridges.fiware import run_fiware

    position, key, token = _position(location), _secret(api_key_file) or "", _secret(token_file)
    settings = settings_for(file, broker)
    _until_stopped(
        lambda stop, say: run_fiware(
            settings,
            context_broker=context_broker,
            iot_agent=iot_agent,
            api_key=key,
            token=token,
            tenant=tenant,
            position=position,
            site=site,
            client_id=client_id,
            stop=stop,
            on_state=say,
        )
    )


@app.command()
def sensorthings(
    url: Annotated[str, typer.Option(help="Service root, such as https://host/FROST-Server/v1.1.")],
    token_file: TokenFile = None,
    site: Site = "+",
    client_id: ClientId = "soundscape-bridge-sensorthings",
    broker: BrokerUrl = None,
    file: ConfigFile = None,
) -> None:
    """Things, Datastreams and Observations to a server of the OGC SensorThings API 1.1."""
    from monitor.publish.bridges.sensorthings import run_sensorthings

    settings, token = settings_for(file, broker), _secret(token_file)
    _until_stopped(
        lambda stop, say: run_sensorthings(
            settings, url=url, token=token, site=site, client_id=client_id, stop=stop, on_state=say
        )
    )


def _until_stopped(run: Callable[[threading.Event, Callable[[str], None]], Counter[str]]) -> None:
    stop = asked_to_stop()
    try:
        counts = run(stop, lambda state: typer.echo(state, err=True))
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, f"{error}.") from None
    except Unusable as error:
        raise Failure(Exit.DEVICE, f"The platform cannot be used: {error}.") from None
    typer.echo(", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(counts.items())) or "nothing came")


def _secret(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Failure(Exit.CONFIG, f"{path} cannot be read: {error.strerror}.") from None


def _position(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise Failure(Exit.USAGE, f"--location {text} must be LAT,LON in degrees, such as 52.10,4.30.") from None
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise Failure(Exit.USAGE, f"--location {text} is not on the globe.")
    return latitude, longitude
