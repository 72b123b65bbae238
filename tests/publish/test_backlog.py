"""A day without a broker: everything arrives when it returns, and what is current stays current."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from brokers import Mosquitto, wait_for
from records import START, caption, minute
from test_kills import PersistentEar

from monitor.publish.contract.messages import Identity
from monitor.publish.mqtt import Publisher
from monitor.records import SoundEvent
from monitor.settings import MqttSettings


def drain(tmp_path: Path, mosquitto: Mosquitto, hours: int) -> None:
    """Store `hours` of minutes, captions and events without a broker, then let it return."""
    ear = PersistentEar(mosquitto.url)
    mosquitto.stop()
    node = Publisher(MqttSettings(url=mosquitto.url), Identity.begin("park", "gate"), tmp_path / "outbox.db")
    stored = set()
    for index in range(hours * 60):
        stored.add(str(node.publish(minute(index))))
        onset = START + timedelta(minutes=index, seconds=7)
        event = SoundEvent(label="Bird", onset=onset, offset=onset + timedelta(seconds=5), peak_prob=0.8)
        stored.add(str(node.publish(event)))
        if index % 5 == 4:
            stored.add(str(node.publish(caption(index // 5))))
    node.start()
    wait_for(lambda: node.state.startswith("reconnecting"))
    mosquitto.start()
    wait_for(lambda: node.state == "connected")
    began = time.monotonic()
    fresh = str(node.publish(minute(hours * 60)))
    wait_for(lambda: fresh in ear.mids)
    after = sum(mid in ear.mids for mid in stored)
    wait_for(lambda: stored <= set(ear.mids), 120)
    took = time.monotonic() - began
    print(f"{len(stored)} messages of {hours} h in {took:.1f} s, {node.bytes_today / 1e6:.2f} MB of MQTT")
    assert after < len(stored), "what happens now does not wait for the backlog"
    assert ear.latest_late == 0
    node.stop()
    ear.close()


def test_two_hours_of_backlog_arrive(tmp_path: Path, mosquitto: Mosquitto) -> None:
    drain(tmp_path, mosquitto, hours=2)


@pytest.mark.long
def test_a_day_of_backlog_arrives(tmp_path: Path, mosquitto: Mosquitto) -> None:
    drain(tmp_path, mosquitto, hours=24)
