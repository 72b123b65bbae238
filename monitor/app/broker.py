"""Which broker a command talks to, from its options and the configuration file."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.app import config
from monitor.publish.embedded import DEFAULT_PORT, HOST
from monitor.settings import MqttSettings

BrokerUrl = Annotated[
    str | None,
    typer.Option("--broker", help="mqtt://host:1883 or mqtts://host:8883. Default: mqtt.url, else the demo broker's."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file (TOML): user name, password file and certificates."),
]


def settings_for(file: Path | None, url: str | None) -> MqttSettings:
    """Return the [mqtt] table with the URL that was asked for; without any, the demo broker of this machine."""
    mqtt = config.load(config.find(file)).mqtt
    chosen = url or mqtt.url or f"mqtt://{HOST}:{DEFAULT_PORT}"
    return mqtt.model_copy(update={"url": chosen})
