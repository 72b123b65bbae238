"""The message reference, generated: JSON Schemas, examples, AsyncAPI document and a page for people.

    python -m monitor.publish.contract.reference --out docs

A schema that would break consumers of the stored one is refused: such a change needs a new version of the topics.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from monitor.publish.contract.compatibility import breaks
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import KINDS, ROOT, VERSION, encode
from monitor.publish.contract.page import page
from monitor.publish.contract.ways import WAYS


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (2020-12) of each message by the last part of its topic."""
    found = {}
    for kind, model in KINDS.items():
        schema = _open(model.model_json_schema(by_alias=True, mode="serialization"))
        uri = model.model_fields["schema_"].default
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": uri}
        found[kind.rpartition("/")[2]] = head | schema
    return found


def _open(schema: Any) -> Any:
    """Let consumers accept fields that later versions add."""
    if isinstance(schema, dict):
        return {k: _open(v) for k, v in schema.items() if not (k == "additionalProperties" and v is False)}
    return [_open(part) for part in schema] if isinstance(schema, list) else schema


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document."""
    parameters = {"site": {"description": "the node's site"}, "node": {"description": "the node's name"}}
    channels, operations = {}, {}
    for kind, model in KINDS.items():
        name, message = kind.replace("/", "_"), kind.rpartition("/")[2]
        channels[name] = {
            "address": f"{ROOT}/{{site}}/{{node}}/{kind}",
            "description": (model.__doc__ or "").strip(),
            "parameters": parameters,
            "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        }
        way = WAYS[kind]
        mqtt: dict[str, Any] = {"qos": way.qos, "retain": way.retain}
        if way.expiry_s is not None:
            mqtt["messageExpiryInterval"] = way.expiry_s
        operations[f"send_{name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "bindings": {"mqtt": mqtt | {"bindingVersion": "0.2.0"}},
        }
    messages = {
        name: {
            "name": name,
            "contentType": "application/json",
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": f"schemas/{VERSION}/{name}.schema.json"},
            },
            "examples": [{"name": name, "payload": json.loads(encode(message))}],
        }
        for name, message in examples().items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Soundscape Monitor",
            "version": VERSION,
            "description": "What a node publishes over MQTT. Durable messages (data/*) are delivered at least once.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def files() -> dict[str, str]:
    """Return the text of each generated file by its path below docs/."""
    import yaml

    texts = {}
    for name, schema in schemas().items():
        texts[f"schemas/{VERSION}/{name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    for name, message in examples().items():
        body = json.loads(encode(message))
        texts[f"schemas/{VERSION}/examples/{name}.json"] = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    texts["asyncapi.yaml"] = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=120)
    texts["messages.md"] = page(schemas())
    return texts


def incompatible(folder: Path) -> list[str]:
    """Return what the generated schemas would break for consumers of those stored in `folder`, docs/."""
    found = []
    for name, schema in schemas().items():
        stored = folder / f"schemas/{VERSION}/{name}.schema.json"
        if stored.exists():
            found += [f"{name}: {reason}" for reason in breaks(json.loads(stored.read_text()), schema)]
    return found


def main() -> int:
    """Write the reference; 1 when a schema would break consumers."""
    parser = argparse.ArgumentParser(description="Write the message reference.")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the documents")
    out = parser.parse_args().out
    if reasons := incompatible(out):
        sys.stderr.write(f"{VERSION} would break its consumers; make a new version instead:\n")
        sys.stderr.writelines(f"  {reason}\n" for reason in reasons)
        return 1
    for name, text in files().items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
