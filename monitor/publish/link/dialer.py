"""Connections one after another: which version of MQTT to speak, and how long to wait between tries."""

import random
from typing import Unpack

from paho.mqtt.enums import MQTTProtocolVersion

from monitor.publish.link.connection import Connection, Lost, Options, Refused, Unanswered
from monitor.settings import MqttSettings


class Dialer:
    """Makes connections one after another, and remembers which version of MQTT the broker speaks."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._version = MQTTProtocolVersion.MQTTv311 if settings.protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5

    def dial(self, client_id: str, **options: Unpack[Options]) -> Connection:
        """Return an open connection; Lost or MqttConfigError when there is none."""
        try:
            return Connection(self._settings, client_id, self._version, **options)
        except Unanswered:
            if self._settings.protocol != "auto":
                raise
            v5, v311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
            self._version = v311 if self._version == v5 else v5
            return Connection(self._settings, client_id, self._version, **options)


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
