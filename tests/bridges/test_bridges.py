"""Bridges put every message on the platform exactly once, whatever fails on the way."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import referencing
import referencing.jsonschema
from brokers import Mosquitto, wait_for
from paho.mqtt.enums import MQTTProtocolVersion
from records import caption, minute
from servers import ContextBroker, IotAgent, SensorThings

from monitor.publish.bridges import sensorthings
from monitor.publish.bridges.fiware import entity, run_fiware
from monitor.publish.bridges.relay import Item, Unusable, relay
from monitor.publish.bridges.sensorthings import FIGURES, run_sensorthings
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import ROOT, Identity, MetaMessage, MinuteMessage, encode, message_id
from monitor.publish.contract.payloads import Location, Meta
from monitor.publish.link.connection import Connection
from monitor.publish.link.subscription import Subscription
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings

PLACE = Location(latitude=52.1, longitude=4.3, decimals=1)


@pytest.fixture
def node(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Publisher]:
    publisher = Publisher(
        MqttSettings(url=mosquitto.url), Identity.begin("park", "gate"), tmp_path / "node" / "outbox.db"
    )
    publisher.start()
    publisher.meta(Meta(software="test", place="Gate", location=PLACE))
    yield publisher
    publisher.stop(0)


class Running:
    """A bridge in a thread."""

    def __init__(self, run: Callable[..., Counter[str]], broker: str, **options: Any) -> None:
        self.stop = threading.Event()
        self.states: list[str] = []
        self.counts: Counter[str] = Counter()
        self.error: Exception | None = None

        def work() -> None:
            try:
                self.counts = run(MqttSettings(url=broker), stop=self.stop, on_state=self.states.append, **options)
            except Exception as error:
                self.error = error

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        wait_for(lambda: "connected" in self.states or self.error)

    def end(self) -> Counter[str]:
        self.stop.set()
        self._thread.join(20)
        return self.counts


@pytest.fixture
def validator(shared: Path) -> Callable[[dict[str, Any]], list[str]]:
    """Validate the simplified form against NoiseLevelObserved 0.2.1."""
    schema = json.loads((shared / "schemas/NoiseLevelObserved.schema.json").read_text())
    common = json.loads((shared / "schemas/common-schema.subset.json").read_text())
    resource = referencing.Resource.from_contents(common)
    registry = referencing.Registry().with_resource(common["$id"], resource)
    checker = jsonschema.Draft202012Validator(
        schema, registry=registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    return lambda body: [error.message for error in checker.iter_errors(body)]


@pytest.fixture
def context_broker(validator: Callable[[dict[str, Any]], list[str]]) -> Iterator[ContextBroker]:
    server = ContextBroker(validator)
    yield server
    server.close()


@pytest.fixture
def sensor_things() -> Iterator[SensorThings]:
    server = SensorThings()
    yield server
    server.close()


def test_minutes_become_valid_entities_once_each(
    node: Publisher, mosquitto: Mosquitto, context_broker: ContextBroker
) -> None:
    wait_for(lambda: node.state == "connected")
    bridge = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    for index in range(10):
        node.publish(minute(index, laeq=50.0 + index))
    node.publish(caption())
    wait_for(lambda: len(context_broker.entities) == 10)
    one = context_broker.entities["urn:ngsi-ld:NoiseLevelObserved:park:gate:2026-05-01T10:03:00Z_2026-05-01T10:04:00Z"]
    assert one["LAeq"] == {"type": "Property", "value": 53.0, "observedAt": "2026-05-01T10:04:00Z", "unitCode": "2N"}
    assert one["location"]["value"] == {"type": "Point", "coordinates": [4.3, 52.1]}
    assert "sonometerClass" not in one
    assert context_broker.complaints == []
    assert bridge.end()["sent"] == 10


def test_what_came_while_the_bridge_was_away_is_sent_when_it_returns(
    node: Publisher, mosquitto: Mosquitto, context_broker: ContextBroker
) -> None:
    wait_for(lambda: node.state == "connected")
    Running(run_fiware, mosquitto.url, context_broker=context_broker.url).end()
    for index in range(30):
        node.publish(minute(index))
    bridge = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    wait_for(lambda: len(context_broker.entities) == 30)
    assert bridge.end()["sent"] == 30


def test_a_platform_that_fails_gets_everything_later(
    node: Publisher, mosquitto: Mosquitto, context_broker: ContextBroker
) -> None:
    wait_for(lambda: node.state == "connected")
    context_broker.fail_next = [503, 429, "drop"]
    bridge = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    for index in range(5):
        node.publish(minute(index))
    wait_for(lambda: len(context_broker.entities) == 5 and not context_broker.fail_next, 30)
    assert any("waiting for the platform" in state for state in bridge.states)
    bridge.end()


def test_a_platform_that_refuses_us_ends_the_bridge_and_nothing_is_lost(
    node: Publisher, mosquitto: Mosquitto, context_broker: ContextBroker
) -> None:
    wait_for(lambda: node.state == "connected")
    context_broker.fail_next = [401]
    bridge = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    node.publish(minute())
    wait_for(lambda: bridge.error is not None)
    assert isinstance(bridge.error, Unusable) and "check the token" in str(bridge.error)
    again = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    wait_for(lambda: len(context_broker.entities) == 1)
    again.end()


def test_a_node_without_a_place_is_left_out_unless_one_is_given(
    tmp_path: Path, mosquitto: Mosquitto, context_broker: ContextBroker
) -> None:
    node = Publisher(MqttSettings(url=mosquitto.url), Identity.begin("park", "hidden"), tmp_path / "o.db")
    node.start()
    wait_for(lambda: node.state == "connected")
    bridge = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    node.publish(minute(0))
    wait_for(lambda: node.outbox_depth == 0)
    assert bridge.end()["sent"] == 0
    placed = Running(run_fiware, mosquitto.url, context_broker=context_broker.url, position=(52.0, 5.0))
    node.publish(minute(1))
    wait_for(lambda: len(context_broker.entities) == 1)
    placed.end()
    node.stop(0)


def test_a_day_becomes_an_entity_with_its_level(validator: Callable[[dict[str, Any]], list[str]]) -> None:
    from servers import key_values

    body = entity(examples()["digest"], (52.0, 5.0))  # type: ignore[arg-type]
    assert body is not None
    assert body["LAeq_d"]["value"] == 51.8
    assert validator(key_values(body)) == []


def test_nodes_of_other_names_never_share_an_entity() -> None:
    day = examples()["digest"]
    pair = [day.model_copy(update={"site": site, "node": node}) for site, node in (("a", "b-c"), ("a-b", "c"))]
    bodies = [entity(message, (52.0, 5.0)) for message in pair]  # type: ignore[arg-type]
    for key in ("id", "refDevice"):
        assert bodies[0][key] != bodies[1][key]  # type: ignore[index]


def test_measures_reach_an_iot_agent(node: Publisher, mosquitto: Mosquitto) -> None:
    agent = IotAgent()
    wait_for(lambda: node.state == "connected")
    bridge = Running(run_fiware, mosquitto.url, iot_agent=agent.url, api_key="key")
    node.publish(minute())
    wait_for(lambda: len(agent.measures) == 1)
    device, body = agent.measures[0]
    assert device == "park:gate"
    assert (body["LAeq"], body["TimeInstant"]) == (53.2, "2026-05-01T10:01:00Z")
    bridge.end()
    agent.close()


def test_a_thing_is_made_once_and_observations_arrive(
    node: Publisher, mosquitto: Mosquitto, sensor_things: SensorThings
) -> None:
    wait_for(lambda: node.state == "connected")
    for _ in range(2):
        bridge = Running(run_sensorthings, mosquitto.url, url=f"{sensor_things.url}/v1.1")
        for index in range(3):
            node.publish(minute(index))
        before = len(sensor_things.observations)
        wait_for(lambda before=before: len(sensor_things.observations) == before + 3 * len(FIGURES))  # type: ignore[misc]
        bridge.end()
    assert len(sensor_things.things) == 1
    assert len(sensor_things.datastreams) == len(FIGURES)
    assert sensor_things.things[0]["Locations"][0]["location"]["coordinates"] == [4.3, 52.1]
    assert sensor_things.observations[0]["phenomenonTime"] == "2026-05-01T10:00:00Z/2026-05-01T10:01:00Z"
    assert sensor_things.complaints == []


def test_an_interrupted_message_is_completed_without_repeating_observations(
    node: Publisher, mosquitto: Mosquitto, sensor_things: SensorThings
) -> None:
    wait_for(lambda: node.state == "connected")
    first = Running(run_sensorthings, mosquitto.url, url=f"{sensor_things.url}/v1.1")
    node.publish(minute(0))
    wait_for(lambda: len(sensor_things.observations) == len(FIGURES))
    sensor_things.fail_next = ["drop", 401]
    node.publish(minute(1))
    wait_for(lambda: first.error is not None or not sensor_things.fail_next)
    first.end()
    again = Running(run_sensorthings, mosquitto.url, url=f"{sensor_things.url}/v1.1")
    wait_for(lambda: len(sensor_things.observations) >= 2 * len(FIGURES))
    again.end()
    seen = Counter((o["stream"], o["resultTime"]) for o in sensor_things.observations)
    assert set(seen.values()) == {1}
    assert len(seen) == 2 * len(FIGURES)


def test_a_failure_between_two_observations_repeats_none(
    node: Publisher, mosquitto: Mosquitto, sensor_things: SensorThings
) -> None:
    wait_for(lambda: node.state == "connected")
    bridge = Running(run_sensorthings, mosquitto.url, url=f"{sensor_things.url}/v1.1")
    node.publish(minute(0))
    wait_for(lambda: len(sensor_things.observations) == len(FIGURES))
    sensor_things.fail_next = ["pass", "pass", "pass", 503]
    node.publish(minute(1))
    wait_for(lambda: len(sensor_things.observations) >= 2 * len(FIGURES))
    bridge.end()
    seen = Counter((o["stream"], o["resultTime"]) for o in sensor_things.observations)
    assert set(seen.values()) == {1} and len(seen) == 2 * len(FIGURES)
    assert any("waiting for the platform" in state for state in bridge.states)


def test_what_a_slow_platform_has_taken_is_acknowledged_while_it_takes_the_rest(
    node: Publisher, mosquitto: Mosquitto
) -> None:
    left: list[int] = []

    class Slow:
        batch = sensorthings.SensorThings.batch

        def describe(self, meta: MetaMessage) -> None:
            pass

        def send(self, items: Sequence[Item]) -> Counter[str]:
            if items[-1].message.seq >= 3:
                broker = MqttSettings(url=mosquitto.url)
                Connection(broker, "other", MQTTProtocolVersion.MQTTv5).close()  # it has read all that came before
                with Subscription(broker, "slow", ["#"], keep_session=True) as heir:  # gets what is not acknowledged
                    wait_for(lambda: left.extend(json.loads(d.payload)["seq"] for d in heir.receive(0.1)) or 5 in left)
                raise Unusable("enough")
            return Counter(sent=len(items))

    wait_for(lambda: node.state == "connected")
    options: dict[str, Any] = {"client_id": "slow", "kinds": ["data/minute"], "platform": Slow()}
    Running(relay, mosquitto.url, **options).end()
    for index in range(5):
        node.publish(minute(index))
    wait_for(lambda: node.outbox_depth == 0)
    bridge = Running(relay, mosquitto.url, **options)
    wait_for(lambda: bridge.error is not None)
    assert left == [3, 4, 5]


def test_nonsense_does_not_stop_a_bridge(node: Publisher, mosquitto: Mosquitto, context_broker: ContextBroker) -> None:
    wait_for(lambda: node.state == "connected")
    bridge = Running(run_fiware, mosquitto.url, context_broker=context_broker.url)
    told = cast(MinuteMessage, examples()["minute"])
    gate = Identity(site="park", node="gate", session=told.session)
    good = encode(told.model_copy(update={"site": "park", "node": "gate", "mid": message_id(gate, told.seq)}))
    taken: list[int] = []
    liar = Connection(
        MqttSettings(url=mosquitto.url),
        "liar",
        MQTTProtocolVersion.MQTTv5,
        on_acknowledged=lambda packet, _: taken.append(packet),
    )
    for payload in (
        good.replace(b"2026-05-01T10:00:00Z/", b"2026-99-01T00:00:00Z/"),
        good.replace(b'"park"', b'"city"'),
        good.replace(b'"LAeq":51.8', b'"LAeq":1e999'),
    ):
        assert payload != good
        liar.publish(f"{ROOT}/park/gate/data/minute", payload)
    wait_for(lambda: liar.serve(0.1) or len(taken) == 3)
    liar.close()
    node.publish(minute(1))
    wait_for(lambda: len(context_broker.entities) == 1)
    counts = bridge.end()
    assert (counts["sent"], counts["unreadable"], counts["refused"]) == (1, 2, 1)
