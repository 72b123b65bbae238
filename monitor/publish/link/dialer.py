"""Connections one after another: which version of MQTT to speak, and how long to wait between tries."""

import logging
import random
from typing import Unpack

from paho.mqtt.enums import MQTTProtocolVersion

from monitor.publish.link.connection import Connection, Lost, Options, Refused, Unanswered
from monitor.settings import MqttSettings

log = logging.getLogger(__name__)


def dial(settings: MqttSettings, client_id: str, **options: Unpack[Options]) -> Connection:
    """Return an open connection; Lost or MqttConfigError when there is none.

    `auto` speaks MQTT 5, and 3.1.1 for this connection alone when that is not answered: a broker may just be slow.
    """
    v5, v311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
    try:
        return Connection(settings, client_id, v311 if settings.protocol == "3.1.1" else v5, **options)
    except Unanswered as error:
        if settings.protocol != "auto":
            raise
        connection = Connection(settings, client_id, v311, **options)
        log.warning("mqtt.fallback", extra={"version": "3.1.1", "reason": str(error)})
        return connection


class Backoff:
    """How long to wait before the next try, s: jittered, within 3 s for a broker that is away."""

    AWAY_S = 3.0
    REFUSED_S = 60.0

    def __init__(self) -> None:
        self._tries = 0

    def reset(self) -> None:
        """A connection held: begin anew."""
        self._tries = 0

    def wait_s(self, error: Lost) -> float:
        """Return the next wait."""
        self._tries += 1
        longest = self.REFUSED_S if isinstance(error, Refused) else self.AWAY_S
        return random.uniform(0.5, 1.0) * min(longest, 0.5 * 2.0 ** min(self._tries - 1, 10))
