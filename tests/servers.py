"""Strict servers: they take what the specifications allow, say so when it is not, and fail on demand."""

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Server:
    """An HTTP server on loopback; `answer(method, path, query, headers, body)` gives status, body and headers."""

    def __init__(self) -> None:
        self.requests = 0
        self.fail_next: list[int | str] = []
        """Statuses to answer before the next real ones; "drop" does the work and then breaks the connection."""
        self.complaints: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def _handle(self) -> None:
                outer.requests += 1
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                planned = outer.fail_next.pop(0) if outer.fail_next else None
                if isinstance(planned, int):
                    return self._reply(planned, {"title": "planned"}, {})
                url = urlsplit(self.path)
                query = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
                body = json.loads(raw) if raw else None
                status, reply, headers = outer.answer(self.command, unquote(url.path), query, dict(self.headers), body)
                if status == 400:
                    outer.complaints.append(str(reply))
                if planned == "drop":
                    self.close_connection = True
                    return None
                return self._reply(status, reply, headers)

            def _reply(self, status: int, reply: Any, headers: dict[str, str]) -> None:
                data = b"" if reply is None else json.dumps(reply).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = _handle

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        raise AssertionError("a server says what it answers")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class ContextBroker(Server):
    """NGSI-LD batch upsert (ETSI GS CIM 009, 6.16), with a validator of the data model."""

    def __init__(self, validate: Callable[[dict[str, Any]], list[str]]) -> None:
        self.entities: dict[str, dict[str, Any]] = {}
        self._validate = validate
        super().__init__()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if (method, path) != ("POST", "/ngsi-ld/v1/entityOperations/upsert"):
            return 404, {"title": path}, {}
        if headers.get("Content-Type") != "application/ld+json" or not isinstance(body, list) or not body:
            return 400, {"title": "needs a non-empty array as application/ld+json"}, {}
        created, errors = [], []
        for entity in body:
            faults = list(_ngsi_faults(entity)) or self._validate(key_values(entity))
            if faults:
                errors.append({"entityId": entity.get("id"), "error": {"title": "; ".join(faults)}})
                continue
            if entity["id"] not in self.entities:
                created.append(entity["id"])
            self.entities[entity["id"]] = entity
        if errors:
            self.complaints += [str(e) for e in errors]
            return 207, {"success": [e["id"] for e in body if e["id"] in self.entities], "errors": errors}, {}
        return (201, created, {}) if created else (204, None, {})


def _ngsi_faults(entity: dict[str, Any]) -> Any:
    if not re.fullmatch(r"urn:[A-Za-z0-9-]+:\S+", str(entity.get("id"))):
        yield "id is no URI"
    if "@context" not in entity:
        yield "application/ld+json without @context"
    for name, part in entity.items():
        if name in ("id", "type", "@context"):
            continue
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            yield f"{name} is no attribute name"
        needed = {"Property": "value", "GeoProperty": "value", "Relationship": "object"}.get(part.get("type"))
        if needed is None or part.get(needed) is None:
            yield f"{name} is no Property, GeoProperty or Relationship with its value"


def key_values(entity: dict[str, Any]) -> dict[str, Any]:
    """Return the simplified form of a normalised entity."""
    simple = {}
    for name, part in entity.items():
        value = part
        if isinstance(part, dict):
            value = part.get("value", part.get("object"))
            if isinstance(value, dict) and "@value" in value:
                value = value["@value"]
        simple[name] = value
    return simple


class IotAgent(Server):
    """FIWARE IoT Agent JSON, HTTP transport."""

    def __init__(self) -> None:
        self.measures: list[tuple[str, dict[str, Any]]] = []
        super().__init__()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if (method, path) != ("POST", "/iot/json") or query.get("k") != "key" or not query.get("i"):
            return 404, {"name": "DEVICE_GROUP_NOT_FOUND"}, {}
        if not isinstance(body, dict) or not body:
            return 400, {"name": "BAD_PAYLOAD"}, {}
        self.measures.append((query["i"], body))
        return 200, {}, {}


REQUIRED = {
    "Things": {"name", "description"},
    "Datastreams": {
        "name", "description", "observationType", "unitOfMeasurement", "ObservedProperty", "Sensor", "Thing",
    },
    "Observations": {"phenomenonTime", "resultTime", "result"},
}  # fmt: skip
NESTED = {
    "Locations": {"name", "description", "encodingType", "location"},
    "Sensor": {"name", "description", "encodingType", "metadata"},
    "ObservedProperty": {"name", "definition", "description"},
}
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


class SensorThings(Server):
    """OGC SensorThings API 1.1, Part 1: the entities that a bridge needs, under /v1.1."""

    def __init__(self) -> None:
        self.things: list[dict[str, Any]] = []
        self.datastreams: list[dict[str, Any]] = []
        self.observations: list[dict[str, Any]] = []
        super().__init__()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if not path.startswith("/v1.1/"):
            return 404, None, {}
        path = path.removeprefix("/v1.1/")
        if match := re.fullmatch(r"Datastreams\((\d+)\)/Observations", path):
            stream = int(match[1])
            if method == "GET":
                wanted = re.fullmatch(rf"resultTime eq ({INSTANT})", query.get("$filter", ""))
                if not wanted:
                    return 400, {"message": "bad $filter"}, {}
                found = [o for o in self.observations if (o["stream"], o["resultTime"]) == (stream, wanted[1])]
                return 200, {"value": found}, {}
            return self._create("Observations", body, self.observations, {"stream": stream})
        if match := re.fullmatch(r"Things\((\d+)\)/Datastreams", path):
            return 200, {"value": [d for d in self.datastreams if d["Thing"]["@iot.id"] == int(match[1])]}, {}
        if path == "Things" and method == "GET":
            wanted = re.fullmatch(r"name eq '(.*)'", query.get("$filter", ""))
            if not wanted:
                return 400, {"message": "bad $filter"}, {}
            return 200, {"value": [t for t in self.things if t["name"] == wanted[1]]}, {}
        if method == "POST" and path in ("Things", "Datastreams"):
            return self._create(path, body, self.things if path == "Things" else self.datastreams, {})
        return 404, None, {}

    def _create(
        self, kind: str, body: dict[str, Any], where: list[dict[str, Any]], extra: dict[str, Any]
    ) -> tuple[int, Any, dict[str, str]]:
        missing = REQUIRED[kind] - body.keys()
        for name, needed in NESTED.items():
            parts = body.get(name, [])
            for part in parts if isinstance(parts, list) else [parts]:
                missing |= {f"{name}.{key}" for key in needed - part.keys()}
        if kind == "Observations":
            if not re.fullmatch(f"{INSTANT}(/{INSTANT})?", str(body.get("phenomenonTime"))):
                missing |= {"a valid phenomenonTime"}
            if not isinstance(body.get("result"), int | float):
                missing |= {"a numeric result"}
        if missing:
            return 400, {"message": f"{kind} lacks {sorted(missing)}"}, {}
        created = body | extra | {"@iot.id": len(where) + 1}
        where.append(created)
        return 201, None, {"Location": f"{self.url}/v1.1/{kind}({created['@iot.id']})"}
