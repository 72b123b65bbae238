"""Whoever follows sees each message once, and is told what never came."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import wait_for
from hypothesis import given
from hypothesis import strategies as st
from records import minute
from typer.testing import CliRunner

from monitor.publish.contract.describe import line
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import Identity
from monitor.publish.embedded import EmbeddedBroker
from monitor.publish.fleet.follow import Follower, parse_topic
from monitor.publish.fleet.ledger import Ledger
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings


@given(st.sets(st.integers(1, 60)), st.integers(0, 2**32))
def test_the_ledger_knows_repeats_and_what_is_missing(numbers: set[int], seed: int) -> None:
    ledger = Ledger()
    order = [*numbers, *numbers]
    random.Random(seed).shuffle(order)
    assert sum(ledger.add("s", "n", "x", number) for number in order) == len(numbers)
    missing = {n for gap in ledger.missing() for n in range(gap.first, gap.last + 1)}
    inside = set(range(min(numbers), max(numbers))) if numbers else set()
    assert missing == inside - numbers


def test_a_loss_is_told_once_and_only_after_the_backlog_had_its_time() -> None:
    now = [0.0]
    ledger = Ledger(grace_s=120, clock=lambda: now[0])
    for number in (1, 5):
        ledger.add("s", "n", "x", number)
    assert ledger.overdue() == []
    ledger.add("s", "n", "x", 3)
    now[0] = 60
    assert ledger.overdue() == []
    ledger.add("s", "n", "x", 4)
    now[0] = 200
    assert [(gap.first, gap.last) for gap in ledger.overdue()] == [(2, 2)]
    assert ledger.overdue() == []


@pytest.mark.parametrize("name", sorted(examples()))
def test_every_message_has_a_readable_line(name: str) -> None:
    text = line(examples()[name])
    assert 5 < len(text) < 400 and "urn:" not in text


def test_foreign_topics_are_told_apart() -> None:
    assert parse_topic("soundscape/v1/park/gate/data/minute") == ("park", "gate", "data/minute")
    for foreign in ("soundscape/v2/a/b/c", "other/v1/a/b/c", "soundscape/v1/a"):
        with pytest.raises(ValueError):
            parse_topic(foreign)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[EmbeddedBroker, Publisher]]:
    broker = EmbeddedBroker(0)
    settings = broker.settings(MqttSettings())
    publisher = Publisher(settings, Identity.begin("demo", "node1"), tmp_path / "outbox.db")
    publisher.start()
    wait_for(lambda: publisher.state == "connected")
    yield broker, publisher
    publisher.stop(1)
    broker.stop()


def test_the_demo_broker_carries_a_node_to_a_follower(demo: tuple[EmbeddedBroker, Publisher]) -> None:
    broker, publisher = demo
    assert broker.url.startswith("mqtt://127.0.0.1:")
    with Follower(broker.settings(MqttSettings())) as follower:
        seen: list[str] = []
        publisher.publish(minute())
        wait_for(lambda: seen.extend(r.kind for r in follower.receive(0.2)) or "latest/minute" in seen)
        assert {"status", "latest/minute"} <= set(seen)


def test_a_second_demo_broker_takes_another_port(demo: tuple[EmbeddedBroker, Publisher]) -> None:
    second = EmbeddedBroker(demo[0].port)
    assert second.port != demo[0].port
    second.stop()


def test_the_subscribe_command_prints_lines_and_raw_json(
    demo: tuple[EmbeddedBroker, Publisher], tmp_path: Path
) -> None:
    import json

    import typer

    from monitor.app.commands.subscribe import subscribe

    app = typer.Typer()
    app.command()(subscribe)
    config = tmp_path / "monitor.toml"
    config.write_text('[mqtt]\nprotocol = "3.1.1"\n')
    demo[1].publish(minute())
    options = ["--broker", demo[0].url, "--config", str(config), "--kind", "latest/minute", "--count", "1"]
    raw = CliRunner().invoke(app, [*options, "--json"])
    body = next(text for text in raw.stdout.splitlines() if text.startswith("{"))
    assert json.loads(body)["schema"] == "urn:soundscape:v1:minute"
    readable = CliRunner().invoke(app, options)
    assert "LAeq 53.2 dB" in readable.stdout
