"""The documents say what the code sends; v1 stays what it is; nothing in it could carry sound."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from monitor.publish.contract.compatibility import breaks
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import KINDS, Identity, decode, encode, topic
from monitor.publish.contract.payloads import Meta
from monitor.publish.contract.reference import asyncapi, files, incompatible, schemas
from monitor.publish.home_assistant import discovery, discovery_topic

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMES = sorted({kind.rpartition("/")[2] for kind in KINDS})


def test_the_reference_is_up_to_date() -> None:
    stale = [name for name, text in files().items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    assert not stale, f"run `python -m monitor.publish.contract.reference --out docs`: {stale}"


def test_v1_has_not_broken_its_consumers() -> None:
    assert incompatible(DOCS) == []


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_valid_and_the_examples_follow_them(name: str) -> None:
    schema = schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    body = json.loads((DOCS / f"schemas/v1/examples/{name}.json").read_text())
    assert [error.message for error in checker.iter_errors(body)] == []
    assert body["schema"] == schema["$id"]


@pytest.mark.parametrize("kind", KINDS)
def test_messages_survive_the_way_through_json(kind: str) -> None:
    message = examples()[kind.rpartition("/")[2]]
    assert decode(kind, encode(message)) == message


def test_fields_of_later_versions_are_ignored() -> None:
    body = json.loads(encode(examples()["minute"]))
    body["new"] = body["result"]["levels"]["new"] = 1
    assert decode("data/minute", json.dumps(body).encode()) == examples()["minute"]


def test_the_asyncapi_document_is_whole() -> None:
    document = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    assert document == asyncapi()
    assert document["asyncapi"].startswith("3.")
    assert {c["address"].split("{node}/")[1] for c in document["channels"].values()} == set(KINDS)
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]
    for name, message in document["components"]["messages"].items():
        assert (DOCS / message["payload"]["schema"]["$ref"]).exists()
        assert message["examples"][0]["payload"]["schema"] == f"urn:soundscape:v1:{name}"


def change(path: str, value: Any) -> dict[str, Any]:
    schema = deepcopy(schemas()["minute"])
    *steps, last = path.split("/")
    part: Any = schema
    for step in steps:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return schema


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("$defs/Levels/properties/LAeq", None, "result.levels.LAeq was removed"),
        ("$defs/Quality/properties/coverage/type", "string", "quality.coverage may now be string"),
        ("properties/seq/type", "number", "seq may now be number"),
        ("properties/phenomenonTime/pattern", "^x$", "phenomenonTime changed its pattern"),
        ("$defs/Quality/properties/level_reference/enum", ["calibrated", "guessed"], "other values"),
        ("$defs/Quality/properties/coverage/maximum", 2, "beyond its maximum"),
        ("properties/schema/const", "urn:soundscape:v2:minute", "other values"),
        ("required", ["schema"], "mid may now be absent"),
    ],
)
def test_an_incompatible_change_is_refused(path: str, value: Any, words: str) -> None:
    assert any(words in reason for reason in breaks(schemas()["minute"], change(path, value)))


def test_an_addition_is_welcome() -> None:
    schema = deepcopy(schemas()["minute"])
    schema["properties"]["extra"] = {"type": "string"}
    schema["required"].append("extra")
    assert breaks(schemas()["minute"], schema) == []


SMALL_LISTS = {"bands", "reasons", "facts", "sound_events", "trace"}
FORBIDDEN = ("audio", "wav", "pcm", "flac", "waveform", "spectrogram", "mel", "samples", "transcript", "base64")


def walk(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, part
    if isinstance(part, dict):
        for key, value in part.items():
            yield from walk(value, f"{path}/{key}")


@pytest.mark.parametrize("name", NAMES)
def test_no_schema_has_room_for_sound(name: str) -> None:
    for path, part in walk(schemas()[name]):
        if not isinstance(part, dict):
            continue
        assert "contentEncoding" not in part and "contentMediaType" not in part, path
        assert part.get("format") not in ("binary", "byte", "base64", "base64url"), path
        if part.get("type") == "array":
            assert path.rpartition("/")[2] in SMALL_LISTS, f"{path}: a list that nobody has looked at"
        for field in part.get("properties", {}) if isinstance(part.get("properties"), dict) else {}:
            assert not any(word in field.lower().split("_") for word in FORBIDDEN), f"{path}/{field}"


def test_home_assistant_finds_one_device_with_its_entities() -> None:
    identity = Identity(site="park", node="gate.1", session="s")
    body = json.loads(discovery(identity, Meta(software="x", place="The gate")))
    assert discovery_topic(identity, "homeassistant") == "homeassistant/device/soundscape_park_gate_1/config"
    assert body["origin"]["name"] == "soundscape-monitor", "the origin is mandatory"
    assert body["device"]["name"] == "The gate"
    assert body["availability"][0]["topic"] == topic(identity, "status")
    ids = [entity["unique_id"] for entity in body["components"].values()]
    assert len(ids) == len(set(ids))
    for entity in body["components"].values():
        assert entity["platform"] == "sensor"
        assert entity["expire_after"] > 0
        if entity.get("device_class") == "enum":
            assert "state_class" not in entity and "unit_of_measurement" not in entity
        if entity.get("device_class") == "sound_pressure":
            assert entity["unit_of_measurement"] == "dBA"


def test_headlines_fit_a_state_and_the_text_is_an_attribute() -> None:
    jinja2 = pytest.importorskip("jinja2")
    environment = jinja2.Environment()
    environment.filters["tojson"] = json.dumps
    body = json.loads(discovery(Identity(site="park", node="gate", session="s"), None))
    value_json = json.loads(encode(examples()["caption"]))
    value_json["result"]["headline"] = "x" * 400
    entity = body["components"]["caption"]
    assert len(environment.from_string(entity["value_template"]).render(value_json=value_json)) <= 255
    attributes = environment.from_string(entity["json_attributes_template"]).render(value_json=value_json)
    assert json.loads(attributes)["text"] == value_json["result"]["text"]
    minute = json.loads(encode(examples()["minute"]))
    shown = {
        key: environment.from_string(body["components"][key]["value_template"]).render(value_json=minute)
        for key in ("laeq", "n5", "scene", "pleasantness", "coverage")
    }
    assert shown == {"laeq": "51.8", "n5": "6.4", "scene": "park", "pleasantness": "0.42", "coverage": "100.0"}
