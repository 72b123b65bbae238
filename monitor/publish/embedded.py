"""A broker for a first look: amqtt on loopback, in this process, for one machine, keeping nothing across a restart.

For anything that should last, run Mosquitto (see deploy/broker) and set mqtt.url.
"""

import asyncio
import logging
import socket
import threading
import warnings
from contextlib import suppress
from typing import Any

from monitor.publish.link.address import MqttConfigError
from monitor.settings import MqttSettings

HOST = "127.0.0.1"
DEFAULT_PORT = 1883
START_S = 10.0


class EmbeddedBroker:
    """A demo broker that serves from the time it is made until `stop`; `url` says where."""

    def __init__(self, port: int = DEFAULT_PORT) -> None:
        """Listen on `port`, or on a free one where that is taken; 0 takes a free one."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                from amqtt.broker import Broker
            except ImportError as error:
                raise MqttConfigError(
                    "the demo broker is not installed: install soundscape-monitor[broker], or set mqtt.url"
                ) from error
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.port = _free_port(port)
        self.url = f"mqtt://{HOST}:{self.port}"
        self._broker: Any = None
        self._make = Broker
        self._loop = asyncio.new_event_loop()
        self._ready: threading.Event = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._serve, name="demo-broker", daemon=True)
        self._thread.start()
        self._ready.wait(START_S)
        if self._error is not None:
            raise MqttConfigError(f"the demo broker did not start: {self._error}") from self._error

    def settings(self, base: MqttSettings) -> MqttSettings:
        """Return settings that lead to this broker, which speaks MQTT 3.1.1 only."""
        return base.model_copy(update={"url": self.url, "protocol": "3.1.1"})

    def stop(self) -> None:
        """End all connections and the broker."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_S)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{self.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._broker = self._make(config, loop=self._loop)
                self._loop.run_until_complete(self._broker.start())
        except Exception as error:
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        self._loop.run_forever()
        with suppress(Exception):  # amqtt raises from half-closed sessions; the process or the demo is over
            self._loop.run_until_complete(asyncio.wait_for(self._broker.shutdown(), START_S / 2))
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise MqttConfigError(f"no port is free on {HOST} for the demo broker: set mqtt.url")
