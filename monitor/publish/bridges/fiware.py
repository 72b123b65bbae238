"""FIWARE: NoiseLevelObserved 0.2.1 to an NGSI-LD context broker by batch upsert, or measures to an IoT Agent JSON."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from monitor.publish.bridges.relay import HTTP_S, Item, Unusable, post, relay
from monitor.publish.contract.messages import DigestMessage, Envelope, MetaMessage, MinuteMessage, PeriodMessage
from monitor.records import Interval
from monitor.settings import MqttSettings

log = logging.getLogger(__name__)

CONTEXT = [
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Environment/master/context.jsonld",
    "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.7.jsonld",
]
DECIBEL = "2N"
"""UN/CEFACT Recommendation 20."""
KINDS = ("data/minute", "data/digest")
Position = tuple[float, float]
"""Latitude and longitude, degrees."""


def entity(message: Envelope, position: Position) -> dict[str, Any] | None:
    """Return the NGSI-LD entity (normalised) of a minute, period or day; None for other messages.

    `sonometerClass` is left out: it belongs to certified instruments.
    """
    start, end = message.phenomenonTime.split("/")
    figures = _figures(message)
    if figures is None:
        return None
    node = _device(message)
    body: dict[str, Any] = {
        "id": f"urn:ngsi-ld:NoiseLevelObserved:{node}:{start}_{end}",
        "type": "NoiseLevelObserved",
        "dateObservedFrom": _time(start),
        "dateObservedTo": _time(end),
        "dateObserved": {"type": "Property", "value": message.phenomenonTime},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [position[1], position[0]]},
        },
        "refDevice": {"type": "Relationship", "object": f"urn:ngsi-ld:Device:{node}"},
        "source": {"type": "Property", "value": str(message.mid)},
        "@context": CONTEXT,
    }
    for name, (value, unit) in figures.items():
        if value is not None:
            body[name] = {"type": "Property", "value": value, "observedAt": end}
            if unit:
                body[name]["unitCode"] = unit
    return body


def measures(message: Envelope) -> dict[str, Any] | None:
    """Return the measures for an IoT Agent JSON; None for messages without any."""
    figures = _figures(message)
    if figures is None:
        return None
    start, end = message.phenomenonTime.split("/")
    known = {name: value for name, (value, _) in figures.items() if value is not None}
    return {"TimeInstant": end, "dateObservedFrom": start, "dateObservedTo": end, "mid": str(message.mid), **known}


def _figures(message: Envelope) -> dict[str, tuple[Any, str | None]] | None:
    figures: dict[str, tuple[Any, str | None]]
    result: Interval
    match message:
        case MinuteMessage() | PeriodMessage():
            result = message.result
            figures = {"LAeq": (result.levels.LAeq, DECIBEL)}
        case DigestMessage(result=digest):
            result = digest.summary
            figures = {"LAeq_d": (result.levels.LAeq, DECIBEL), "Lden": (digest.summary.day.Lden, DECIBEL)}
        case _:
            return None
    levels, affect = result.levels, result.affect
    return figures | {
        "LAmax": (levels.LAFmax, DECIBEL),
        "L10": (levels.L10, DECIBEL),
        "L50": (levels.L50, DECIBEL),
        "L90": (levels.L90, DECIBEL),
        "loudnessN5": (result.loudness.N5, None),
        "soundscapePleasantness": (affect.isop, None),
        "soundscapeEventfulness": (affect.isoe, None),
        "acousticScene": (result.scene.label, None),
        "coverage": (result.quality.coverage, None),
        "levelReference": (result.quality.level_reference, None),
    }


def _device(message: Envelope) -> str:
    """Return the name of a node that no other has: names hold no colon, which URNs and device ids may."""
    return f"{message.site}:{message.node}"


def _time(stamp: str) -> dict[str, Any]:
    return {"type": "Property", "value": {"@type": "DateTime", "@value": stamp}}


class _Nodes:
    """Where nodes are: from their meta messages, else the position given on the command line."""

    def __init__(self, fallback: Position | None) -> None:
        self._fallback = fallback
        self._known: dict[tuple[str, str], Position] = {}

    def describe(self, meta: MetaMessage) -> None:
        if (location := meta.result.location) is not None:
            self._known[(meta.site, meta.node)] = (location.latitude, location.longitude)

    def position(self, message: Envelope) -> Position | None:
        return self._known.get((message.site, message.node), self._fallback)


class ContextBroker(_Nodes):
    """An NGSI-LD context broker: the same interval is the same entity, so a repeat changes nothing."""

    batch = 50

    def __init__(self, client: httpx.Client, url: str, fallback: Position | None) -> None:
        super().__init__(fallback)
        self._client, self._url = client, f"{url.rstrip('/')}/ngsi-ld/v1/entityOperations/upsert"

    def send(self, items: Sequence[Item]) -> Counter[str]:
        """Upsert a batch; messages of nodes without a place are left out, as the data model demands one."""
        counts, entities = Counter[str](), dict[str, dict[str, Any]]()
        for item in items:
            position = self.position(item.message)
            body = entity(item.message, position) if position is not None else None
            if body is None:
                counts["left_out"] += 1
            else:
                entities[body["id"]] = body
        return counts + self._upsert(list(entities.values()))

    def _upsert(self, entities: list[dict[str, Any]]) -> Counter[str]:
        if not entities:
            return Counter()
        response = post(self._client, self._url, entities, "application/ld+json", params={"options": "update"})
        if response.status_code in (201, 204):
            return Counter(sent=len(entities))
        if response.status_code == 207:
            errors = response.json().get("errors", [])
            _tell(f"{e.get('entityId')}: {e.get('error')}" for e in errors)
            return Counter(sent=len(entities) - len(errors), refused=len(errors))
        if response.status_code == 404:
            raise Unusable(f"{self._url} is not there (404): give the context broker's base URL")
        if len(entities) == 1:
            _tell([f"{entities[0]['id']}: {response.status_code} {response.text[:200]}"])
            return Counter(refused=1)
        return sum((self._upsert([one]) for one in entities), Counter[str]())


class IotAgent(_Nodes):
    """A FIWARE IoT Agent JSON: device id SITE:NODE; `mid` goes along so that the platform can drop repeats."""

    batch = 1

    def __init__(self, client: httpx.Client, url: str, api_key: str) -> None:
        super().__init__(None)
        self._client, self._url, self._api_key = client, f"{url.rstrip('/')}/iot/json", api_key

    def send(self, items: Sequence[Item]) -> Counter[str]:
        """Post the measures of each message."""
        counts = Counter[str]()
        for item in items:
            body = measures(item.message)
            if body is None:
                counts["left_out"] += 1
                continue
            device = _device(item.message)
            params = {"k": self._api_key, "i": device, "t": body["TimeInstant"]}
            response = post(self._client, self._url, body, params=params)
            counts["sent" if response.is_success else "refused"] += 1
            if not response.is_success:
                _tell([f"{device}: {response.status_code} {response.text[:200]}"])
        return counts


def run_fiware(
    settings: MqttSettings,
    *,
    context_broker: str | None = None,
    iot_agent: str | None = None,
    api_key: str = "",
    token: str | None = None,
    tenant: str | None = None,
    position: Position | None = None,
    kinds: Sequence[str] = KINDS,
    site: str = "+",
    client_id: str = "soundscape-bridge-fiware",
    stop: threading.Event,
    on_state: Callable[[str], None] = lambda state: None,
) -> Counter[str]:
    """Carry minutes and days to a context broker or to an IoT Agent until `stop`; return the counts."""
    headers = {"NGSILD-Tenant": tenant} if tenant else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with httpx.Client(headers=headers, timeout=HTTP_S) as client:
        if context_broker is not None:
            platform: ContextBroker | IotAgent = ContextBroker(client, context_broker, position)
        elif iot_agent is not None:
            platform = IotAgent(client, iot_agent, api_key)
        else:
            raise ValueError("give the URL of a context broker or of an IoT Agent")
        return relay(settings, client_id, kinds, platform, stop=stop, site=site, on_state=on_state)


def _tell(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        log.warning("fiware.refused", extra={"reason": sentence})
