"""kill -9 of the node and of the broker at random times: every stored message arrives, once after `mid`."""

import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from brokers import Mosquitto, wait_for

from monitor.publish.contract.messages import ROOT, Identity, decode
from monitor.publish.link.subscription import Subscription
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings

HERE = Path(__file__).parent


class PersistentEar:
    """A subscriber with a session that the broker keeps; counts what comes by `mid`."""

    def __init__(self, url: str) -> None:
        self.mids: Counter[str] = Counter()
        self.latest_late = 0
        self._subscription = Subscription(
            MqttSettings(url=url), "ear", [f"{ROOT}/+/+/data/#", f"{ROOT}/+/+/latest/#"],
            keep_session=True, manual_ack=True, window=20,
        )  # fmt: skip
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        wait_for(lambda: self._subscription.state == "connected")

    def _listen(self) -> None:
        while not self._stop.is_set():
            deliveries = self._subscription.receive(0.05)
            for delivery in deliveries:
                kind = delivery.topic.split("/", 4)[4]
                message = decode(kind, delivery.payload)
                if kind.startswith("latest"):
                    self.latest_late += message.late  # type: ignore[attr-defined]
                else:
                    self.mids[str(message.mid)] += 1  # type: ignore[attr-defined]
            self._subscription.acknowledge(deliveries)
        self._subscription.close()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)


def survive(tmp_path: Path, mosquitto: Mosquitto, node_kills: int, broker_kills: int, at_least: int) -> None:
    """Kill both sides at random times until `at_least` messages are stored; compare what arrived."""
    chance = random.Random(7)
    ear = PersistentEar(mosquitto.url)
    outbox = tmp_path / "node" / "outbox.db"
    stored: list[str] = []
    deaths = ["node"] * node_kills + ["broker"] * broker_kills
    chance.shuffle(deaths)

    def begin() -> tuple[subprocess.Popen[str], threading.Thread]:
        command = [sys.executable, str(HERE / "chatter.py"), mosquitto.url, str(outbox), "0.004"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        reader = threading.Thread(target=lambda: stored.extend(line.strip() for line in process.stdout or []))
        reader.start()
        return process, reader

    node, reader = begin()
    share = at_least / (len(deaths) + 1)
    for number, victim in enumerate(deaths, start=1):
        goal = int(share * (number + chance.uniform(-0.4, 0.4)))
        wait_for(lambda goal=goal: len(stored) >= goal, 120)  # type: ignore[misc]
        if victim == "broker":
            mosquitto.kill()
            mosquitto.start()
        else:
            node.kill()
            node.wait()
            reader.join()
            node, reader = begin()
    wait_for(lambda: len(stored) >= at_least, 120)
    node.kill()
    node.wait()
    reader.join()
    last = Publisher(MqttSettings(url=mosquitto.url), Identity.begin("park", "gate"), outbox)
    last.start()
    wait_for(lambda: last.state == "connected" and last.outbox_depth == 0, 120)
    complete = [mid for mid in stored if len(mid) == 36]
    try:
        wait_for(lambda: not set(complete) - set(ear.mids), 30)
    finally:
        lost = set(complete) - set(ear.mids)
        repeats = sum(ear.mids.values()) - len(ear.mids)
        print(f"{len(complete)} stored, {len(lost)} lost, {repeats} repeats removed by mid, kills {Counter(deaths)}")
        last.stop(0)
        ear.close()
    assert len(complete) >= at_least - 1
    assert not ear.latest_late


def test_two_kills_of_the_node_and_one_of_the_broker_lose_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    survive(tmp_path, mosquitto, node_kills=2, broker_kills=1, at_least=200)


@pytest.mark.long
def test_twelve_kills_of_the_node_and_six_of_the_broker_lose_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    survive(tmp_path, mosquitto, node_kills=12, broker_kills=6, at_least=2000)
