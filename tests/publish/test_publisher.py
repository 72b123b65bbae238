"""A node's messages arrive, as documented, on a real broker."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from brokers import Mosquitto, wait_for
from records import QUALITY, caption, minute, snapshot

from monitor.publish.contract.messages import Identity, message_id
from monitor.publish.contract.payloads import Meta
from monitor.publish.fleet.follow import Follower, Received
from monitor.publish.mqtt import Publisher
from monitor.records import Alert, GapRecord, SoundEvent
from monitor.settings import MqttSettings
from monitor.snapshot import Health

IDENTITY = Identity(site="park", node="gate", session="s1")


class Ear:
    """Listens to everything on a broker in a thread of its own."""

    def __init__(self, url: str, **options: Any) -> None:
        self.heard: list[Received] = []
        self._stop = threading.Event()
        self._follower = Follower(MqttSettings(url=url), **options)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        wait_for(lambda: self._follower.state == "connected")

    def _listen(self) -> None:
        while not self._stop.is_set():
            self.heard += self._follower.receive(0.05)

    def of(self, kind: str) -> list[Received]:
        return [r for r in self.heard if r.kind == kind]

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self._follower.close()


Make = Callable[..., Publisher]


@pytest.fixture
def make(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Make]:
    """Return a maker of publishers on one outbox; all are stopped at the end."""
    made: list[Publisher] = []

    def maker(identity: Identity = IDENTITY, **settings: Any) -> Publisher:
        publisher = Publisher(MqttSettings(**{"url": mosquitto.url} | settings), identity, tmp_path / "outbox.db")
        made.append(publisher)
        return publisher

    yield maker
    for publisher in made:
        publisher.stop(0)


@pytest.fixture
def ear(mosquitto: Mosquitto) -> Iterator[Ear]:
    listener = Ear(mosquitto.url)
    yield listener
    listener.close()


def delivered(publisher: Publisher) -> Callable[[], bool]:
    return lambda: publisher.state == "connected" and publisher.outbox_depth == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1", "auto"])
def test_every_kind_of_record_arrives_as_a_valid_message(make: Make, ear: Ear, protocol: str) -> None:
    publisher = make(protocol=protocol)
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    now = datetime(2026, 5, 1, 10, tzinfo=UTC)
    publisher.meta(Meta(software="soundscape-monitor 0"))
    publisher.publish(minute())
    publisher.publish(caption(), QUALITY)
    publisher.publish(SoundEvent(label="Bird", onset=now, offset=now, peak_prob=0.9))
    publisher.publish(Alert(rule="r", state="raised", at=now, value=70.0, threshold=65.0, unit="dB", text="loud"))
    publisher.publish(GapRecord(start=now, duration_s=1.5, cause="overrun"))
    publisher.health(Health(state="ok"))
    publisher.live(snapshot())
    kinds = {
        "status", "meta", "data/minute", "latest/minute", "data/caption", "latest/caption", "data/event", "data/alert",
        "data/gap", "health", "live/snapshot",
    }  # fmt: skip
    wait_for(lambda: {r.kind for r in ear.heard} == kinds)
    assert all(r.fault is None for r in ear.heard)
    body = json.loads(ear.of("data/minute")[0].payload)
    assert body["schema"] == "urn:soundscape:v1:minute"
    assert body["phenomenonTime"] == "2026-05-01T10:00:00Z/2026-05-01T10:01:00Z"
    assert body["late"] is False
    assert body["mid"] == str(message_id(IDENTITY, body["seq"]))
    assert body["quality"]["calibrated"] is True
    assert body["result"]["levels"]["LAeq"] == 53.2
    assert ear.of("data/minute")[0].payload == ear.of("latest/minute")[0].payload


def test_birth_and_farewell_carry_the_same_session(make: Make, ear: Ear) -> None:
    publisher = make()
    publisher.start()
    wait_for(lambda: len(ear.of("status")) == 1)
    publisher.publish(minute())
    publisher.stop()
    wait_for(lambda: len(ear.of("status")) == 2)
    birth, farewell = (r.message for r in ear.of("status"))
    assert birth is not None and farewell is not None
    assert (birth.result.state, farewell.result.state, farewell.result.reason) == ("online", "offline", "stopped")
    assert birth.session == farewell.session == "s1"
    assert ear.heard[-1].kind == "status", "offline comes last"
    assert len(ear.of("data/minute")) == 1, "what waited was sent first"
    assert publisher.state == "stopped"


def test_a_backlog_is_late_and_never_touches_latest(make: Make, ear: Ear) -> None:
    publisher = make()
    for index in range(5):
        publisher.publish(minute(index))
    publisher.start()
    wait_for(delivered(publisher))
    publisher.publish(minute(5))
    wait_for(lambda: len(ear.of("data/minute")) == 6)
    wait_for(lambda: len(ear.of("latest/minute")) == 1)
    late = [r.message.late for r in sorted(ear.of("data/minute"), key=lambda r: r.message.seq)]
    assert late == [True] * 5 + [False]
    assert ear.of("latest/minute")[0].message.seq == 6


def test_what_happens_now_goes_before_the_backlog(make: Make, ear: Ear) -> None:
    publisher = make(rate_per_s=40)
    for index in range(60):
        publisher.publish(minute(index))
    publisher.start()
    wait_for(lambda: len(ear.of("data/minute")) > 3)
    publisher.publish(minute(60))
    wait_for(lambda: len(ear.of("data/minute")) == 61)
    order = [r.message.seq for r in ear.of("data/minute")]
    assert order.index(61) < 50
    assert [seq for seq in order if seq != 61] == list(range(1, 61))


def test_a_new_process_sends_what_the_last_one_left(make: Make, ear: Ear) -> None:
    first = make()
    first.publish(minute())
    first.stop(0)
    second = make(Identity(site="park", node="gate", session="s2"))
    second.publish(minute(1))
    second.start()
    wait_for(lambda: len(ear.of("data/minute")) == 2)
    assert {(r.message.session, r.message.seq) for r in ear.of("data/minute")} == {("s1", 1), ("s2", 1)}


def test_it_reconnects_within_5_s_of_the_brokers_return(make: Make, mosquitto: Mosquitto) -> None:
    publisher = make()
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    for _ in range(3):
        mosquitto.kill()
        publisher.publish(minute())
        wait_for(lambda: publisher.state.startswith("reconnecting: nothing listens"))
        mosquitto.start()
        wait_for(delivered(publisher), timeout_s=5)


def test_a_dead_connection_leaves_the_last_will(make: Make, ear: Ear, mosquitto: Mosquitto) -> None:
    publisher = make()
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    publisher._voice._drain._connection._client.socket().shutdown(socket.SHUT_RDWR)  # the network is cut
    wait_for(lambda: [r.message.result.state for r in ear.of("status")] == ["online", "offline", "online"])
    will = ear.of("status")[1].message
    assert (will.result.reason, will.session) == ("connection lost", "s1")


def test_a_broker_that_hangs_is_noticed_and_nothing_is_lost(
    make: Make, ear: Ear, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.publish.drain.ACK_S", 0.5)
    publisher = make()
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    mosquitto.freeze()
    publisher.publish(minute())
    wait_for(lambda: "acknowledged" in publisher.state)
    mosquitto.thaw()
    wait_for(delivered(publisher))
    wait_for(lambda: len(ear.of("data/minute")) == 1)


def test_live_views_are_dropped_without_a_broker_and_only_for_loopback_by_default(make: Make, ear: Ear) -> None:
    publisher = make()
    publisher.live(snapshot())
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    publisher.health(Health(state="ok"))
    wait_for(lambda: len(ear.of("health")) == 1)
    assert not ear.of("live/snapshot")
    remote = Publisher(MqttSettings(url="mqtt://broker.example"), IDENTITY, Path("/nonexistent/outbox.db"))
    assert not remote._sends_live


def test_current_values_expire_and_data_do_not(make: Make, mosquitto: Mosquitto) -> None:
    publisher = make(protocol="5")
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    publisher.publish(minute())
    publisher.health(Health(state="ok"))
    wait_for(delivered(publisher))
    import subprocess

    shown = subprocess.run(
        ["mosquitto_sub", "-p", str(mosquitto.port), "-V", "5", "-t", "soundscape/#", "-W", "1", "-F", "%t %E %C"],
        capture_output=True, text=True,
    ).stdout  # fmt: skip
    rows = {line.split()[0].split("/", 4)[4]: line.split()[1:] for line in shown.splitlines()}
    assert 0 < int(rows["latest/minute"][0]) <= 600
    assert 0 < int(rows["health"][0]) <= 300
    assert rows["latest/minute"][1] == rows["status"][-1] == "application/json"


def test_two_threads_may_publish_at_once(make: Make, ear: Ear) -> None:
    publisher = make()
    publisher.start()

    def work() -> None:
        for index in range(30):
            publisher.publish(minute(index))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: len(ear.of("data/minute")) == 90)
    assert {r.message.seq for r in ear.of("data/minute")} == set(range(1, 91))


def test_a_message_that_is_too_large_is_refused_and_told(make: Make) -> None:
    publisher = make()
    publisher.publish(caption(text="x" * 70_000))
    assert publisher.outbox_depth == 0
    assert publisher.counters["too_large"] == 1
    assert any("larger than 65536 bytes" in concern for concern in publisher.concerns)


def test_stopping_without_a_broker_does_not_wait(make: Make) -> None:
    publisher = make(url="mqtt://127.0.0.1:1")
    publisher.publish(minute())
    publisher.start()
    wait_for(lambda: publisher.state.startswith("reconnecting"))
    before = time.monotonic()
    publisher.stop(30)
    assert time.monotonic() - before < 10
    assert publisher.outbox_depth == 1


def test_bytes_of_the_day_are_reported(make: Make) -> None:
    publisher = make()
    publisher.start()
    publisher.publish(minute())
    wait_for(delivered(publisher))
    assert 2_000 < publisher.bytes_today < 20_000
