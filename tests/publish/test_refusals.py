"""Whatever stands between node and broker is named in one sentence, and nothing is lost meanwhile."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from brokers import Mosquitto, free_port, wait_for
from certificates import Authority
from paho.mqtt.enums import MQTTProtocolVersion
from records import caption, minute

from monitor.publish.contract.messages import Identity
from monitor.publish.link.address import MqttConfigError
from monitor.publish.link.connection import Lost
from monitor.publish.link.dialer import Backoff, dial
from monitor.publish.mqtt import Publisher
from monitor.publish.voice import client_id
from monitor.settings import MqttSettings

IDENTITY = Identity(site="park", node="gate", session="s1")
Start = Callable[..., Publisher]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a starter of publishers that try again soon; all are stopped at the end."""
    monkeypatch.setattr(Backoff, "REFUSED_S", 0.3)
    monkeypatch.setattr(Backoff, "AWAY_S", 0.3)
    running: list[Publisher] = []

    def starter(url: str, folder: str = "node", **settings: Any) -> Publisher:
        publisher = Publisher(MqttSettings(url=url, **settings), IDENTITY, tmp_path / folder / "outbox.db")
        running.append(publisher)
        publisher.start()
        return publisher

    yield starter
    for publisher in running:
        publisher.stop(0)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    made: list[Mosquitto] = []

    def maker(config: str, scheme: str = "mqtt") -> Mosquitto:
        made.append(Mosquitto(tmp_path / f"mosquitto{len(made)}", config, scheme))
        return made[-1]

    yield maker
    for broker in made:
        broker.stop()


def tls(authority: Authority, *, days: int = 2, clients: bool = False, **issue: Any) -> str:
    certificate, key = authority.issue("broker", days=days, **issue)
    asks = "require_certificate true\n" if clients else ""
    return f"allow_anonymous true\ncafile {authority.ca}\ncertfile {certificate}\nkeyfile {key}\n{asks}"


def is_connected(publisher: Publisher) -> Callable[[], bool]:
    return lambda: publisher.state == "connected"


def says(publisher: Publisher, words: str) -> Callable[[], bool]:
    return lambda: words in publisher.state


def test_tls_with_the_brokers_authority_connects(start: Start, brokers: Any, authority: Authority) -> None:
    broker = brokers(tls(authority), "mqtts")
    publisher = start(broker.url, ca_file=authority.ca)
    publisher.publish(minute())
    wait_for(lambda: publisher.state == "connected" and publisher.outbox_depth == 0)
    assert publisher.concerns == []


def test_an_unknown_authority_is_refused_unless_told_otherwise_and_then_it_shows(
    start: Start, brokers: Any, authority: Authority
) -> None:
    broker = brokers(tls(authority), "mqtts")
    publisher = start(broker.url)
    wait_for(says(publisher, "is not trusted"))
    assert "mqtt.ca_file" in publisher.state
    careless = start(broker.url, "careless", insecure_skip_verify=True)
    wait_for(is_connected(careless))
    assert careless.concerns == ["the broker's certificate is not verified"]


def test_an_expired_broker_certificate_is_named(start: Start, brokers: Any, authority: Authority) -> None:
    broker = brokers(tls(authority, days=-1), "mqtts")
    publisher = start(broker.url, ca_file=authority.ca)
    wait_for(says(publisher, "has expired"))


def test_a_certificate_for_another_host_is_named(start: Start, brokers: Any, authority: Authority) -> None:
    broker = brokers(tls(authority, address="DNS:elsewhere.example"), "mqtts")
    publisher = start(broker.url, ca_file=authority.ca)
    wait_for(says(publisher, "made out to another name"))


def test_client_certificates_are_used_and_their_faults_named(start: Start, brokers: Any, authority: Authority) -> None:
    broker = brokers(tls(authority, clients=True), "mqtts")
    good, bad = authority.issue("node"), authority.issue("old", days=-1)
    wait_for(is_connected(start(broker.url, "a", ca_file=authority.ca, cert_file=good[0], key_file=good[1])))
    without = start(broker.url, "b", ca_file=authority.ca)
    wait_for(says(without, "client certificate"))
    expired = start(broker.url, "c", ca_file=authority.ca, cert_file=bad[0], key_file=bad[1])
    wait_for(says(expired, "client certificate has expired"))


def test_tls_on_a_plain_port_is_named(start: Start, brokers: Any, authority: Authority) -> None:
    broker = brokers("allow_anonymous true\n")
    publisher = start(broker.url.replace("mqtt:", "mqtts:"), ca_file=authority.ca)
    wait_for(lambda: "does not speak TLS on this port" in publisher.state)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_refused_and_recovers_when_the_file_is_put_right(
    start: Start, brokers: Any, tmp_path: Path, protocol: str
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "gate", "right"], check=True)
    passwords.chmod(0o644)
    broker = brokers(f"password_file {passwords}\n")
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    publisher = start(broker.url, username="gate", password_file=secret, protocol=protocol)
    publisher.publish(minute())
    wait_for(says(publisher, "does not accept the user name or password"))
    assert publisher.state.startswith("refused")
    assert publisher.outbox_depth == 1
    secret.write_text("right\n")
    wait_for(lambda: publisher.state == "connected" and publisher.outbox_depth == 0)


def test_a_password_may_come_from_the_environment(
    start: Start, brokers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "gate", "right"], check=True)
    passwords.chmod(0o644)
    monkeypatch.setenv("MQTT_PASSWORD", "right")
    broker = brokers(f"password_file {passwords}\n")
    wait_for(is_connected(start(broker.url, username="gate")))


def test_a_missing_password_file_is_named(start: Start, brokers: Any, tmp_path: Path) -> None:
    broker = brokers("allow_anonymous true\n")
    publisher = start(broker.url, username="gate", password_file=tmp_path / "none")
    wait_for(says(publisher, "cannot be read: No such file"))


def test_what_the_access_list_denies_becomes_a_dead_letter_and_is_sent_when_it_is_allowed(
    start: Start, brokers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.publish.drain.PROBE_S", 0.2)
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite soundscape/v1/park/gate/data/caption\n")
    acl.chmod(0o644)
    broker = brokers(f"allow_anonymous true\nacl_file {acl}\n")
    publisher = start(broker.url, protocol="5")
    for index in range(3):
        publisher.publish(minute(index))
    publisher.publish(caption())
    wait_for(lambda: publisher.counters.get("refused", 0) >= 3)
    wait_for(lambda: publisher.counters.get("delivered") == 1)
    assert any("access list" in concern and "135" in concern for concern in publisher.concerns)
    acl.write_text("topic readwrite #\n")
    broker.reload()
    wait_for(lambda: publisher.counters.get("delivered") == 4)
    wait_for(lambda: publisher.concerns == [])


def test_two_nodes_with_one_name_are_told_apart_by_the_broker_and_named(start: Start, brokers: Any) -> None:
    broker = brokers("allow_anonymous true\n")
    first = start(broker.url, "a", protocol="5")
    wait_for(is_connected(first))
    second = start(broker.url, "b", protocol="5")
    first.publish(minute()), second.publish(minute())
    wait_for(lambda: any("same site and name" in p.state for p in (first, second)))
    second.stop(0)
    wait_for(lambda: first.outbox_depth == 0)


def test_nodes_of_other_names_never_share_a_client_id() -> None:
    pair = [Identity(site=site, node=node, session="s") for site, node in (("a", "b-c"), ("a-b", "c"))]
    assert client_id(pair[0]) != client_id(pair[1])


def test_a_broker_that_was_slow_once_is_spoken_to_in_mqtt_5_again(
    brokers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = brokers("allow_anonymous true\n")
    settings = MqttSettings(url=broker.url)
    monkeypatch.setattr("monitor.publish.link.connection.LOOPBACK_S", 0.1)
    broker.freeze()
    with pytest.raises(Lost, match="does not answer"):
        dial(settings, "gate")
    broker.thaw()
    monkeypatch.setattr("monitor.publish.link.connection.LOOPBACK_S", 20)
    connection = dial(settings, "gate")
    connection.close()
    assert connection.version == MQTTProtocolVersion.MQTTv5


def test_an_unknown_host_and_a_closed_port_are_named(start: Start) -> None:
    wait_for(says(start(f"mqtt://127.0.0.1:{free_port()}", "a"), "nothing listens at 127.0.0.1"))
    wait_for(says(start("mqtt://broker.invalid", "b"), "broker.invalid"))


def test_a_port_that_is_no_broker_is_named(start: Start) -> None:
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        wait_for(says(start(f"mqtt://127.0.0.1:{deaf.getsockname()[1]}"), "does not answer"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "http://x"}, "must be like mqtt://"),
        ({"url": "mqtt://"}, "must be like mqtt://"),
        ({"url": "mqtt://x:99999"}, "must be like mqtt://"),
        ({"url": "mqtt://me:secret@x"}, "must not carry a password"),
        ({"url": "mqtt://x", "ca_file": "/ca"}, "go with an mqtts:// url"),
        ({"url": "mqtt://x", "insecure_skip_verify": True}, "go with an mqtts:// url"),
        ({"url": "mqtts://x", "cert_file": "/c"}, "go together"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(settings: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(MqttConfigError, match=words):
        Publisher(MqttSettings(**settings), IDENTITY, tmp_path / "outbox.db")


def test_a_password_over_an_open_line_is_told(tmp_path: Path) -> None:
    settings = MqttSettings(url="mqtt://broker.example", username="gate")
    publisher = Publisher(settings, IDENTITY, tmp_path / "outbox.db")
    assert publisher.concerns == ["the password goes to the broker unencrypted: use an mqtts:// url"]


def test_waits_between_tries_are_jittered_and_short_for_a_broker_that_is_away() -> None:
    backoff = Backoff()
    waits = [backoff.wait_s(Lost("away")) for _ in range(50)]
    assert max(waits) <= 3.0
    assert len(set(waits)) == 50
    assert waits[0] <= 0.5
