"""OGC SensorThings API 1.1: a Thing with Datastreams for each node, and an Observation for each figure."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from monitor.publish.bridges.relay import HTTP_S, Item, Unusable, answer, post, relay
from monitor.publish.contract.messages import Envelope, MetaMessage, MinuteMessage, PeriodMessage
from monitor.publish.contract.payloads import Meta
from monitor.records import Interval
from monitor.settings import MqttSettings

log = logging.getLogger(__name__)

MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
DECIBEL = {"name": "decibel", "symbol": "dB", "definition": "http://qudt.org/vocab/unit/DeciB"}
SONE = {"name": "sone", "symbol": "sone", "definition": "http://qudt.org/vocab/unit/SONE"}
ONE = {"name": "one", "symbol": "1", "definition": "http://qudt.org/vocab/unit/UNITLESS"}


@dataclass(frozen=True, slots=True)
class Figure:
    """What becomes a Datastream."""

    name: str
    meaning: str
    definition: str
    unit: dict[str, str]
    value: Callable[[Interval], float | None]


FIGURES = (
    Figure("LAeq", "A-weighted equivalent level", "urn:soundscape:v1:LAeq", DECIBEL, lambda r: r.levels.LAeq),
    Figure("LAFmax", "Maximum A-weighted level, F", "urn:soundscape:v1:LAFmax", DECIBEL, lambda r: r.levels.LAFmax),
    Figure("L10", "LAF exceeded 10 % of the time", "urn:soundscape:v1:L10", DECIBEL, lambda r: r.levels.L10),
    Figure("L90", "LAF exceeded 90 % of the time", "urn:soundscape:v1:L90", DECIBEL, lambda r: r.levels.L90),
    Figure("N5", "Loudness exceeded 5 % of the time", "urn:soundscape:v1:N5", SONE, lambda r: r.loudness.N5),
    Figure("ISOP", "ISO pleasantness, -1 to 1", "urn:soundscape:v1:ISOP", ONE, lambda r: r.affect.isop),
    Figure("ISOE", "ISO eventfulness, -1 to 1", "urn:soundscape:v1:ISOE", ONE, lambda r: r.affect.isoe),
)


class SensorThings:
    """A server of the SensorThings API: up to 14 requests a message."""

    batch = 1

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client, self._url = client, url.rstrip("/")
        self._meta: dict[tuple[str, str], Meta] = {}
        self._streams: dict[tuple[str, str], dict[str, Any]] = {}

    def describe(self, meta: MetaMessage) -> None:
        """Remember a node's place for when its Thing is made."""
        self._meta[(meta.site, meta.node)] = meta.result

    def send(self, items: Sequence[Item]) -> Counter[str]:
        """Post the observations; those of a message that may have come before are looked up first."""
        counts = Counter[str]()
        for item in items:
            message = item.message
            if not isinstance(message, MinuteMessage | PeriodMessage):
                counts["left_out"] += 1
                continue
            streams = self._datastreams(message.site, message.node)
            refused = 0
            for figure in FIGURES:
                value = figure.value(message.result)
                if value is not None and not (item.again and self._has(streams[figure.name], message)):
                    refused += not self._post(streams[figure.name], message, value)
            counts["refused" if refused else "sent"] += 1
        return counts

    def _post(self, stream: Any, message: Envelope, value: float) -> bool:
        body: dict[str, Any] = {
            "phenomenonTime": message.phenomenonTime,
            "resultTime": _instant(message),
            "result": value,
            "parameters": {"mid": str(message.mid)},
        }
        if message.quality is not None:
            body["resultQuality"] = message.quality.model_dump(mode="json")
        response = post(self._client, f"{self._url}/Datastreams({_key(stream)})/Observations", body)
        if not response.is_success:
            reason = f"{response.status_code} {response.text[:200]}"
            log.warning("sensorthings.refused", extra={"mid": str(message.mid), "reason": reason})
        return response.is_success

    def _has(self, stream: Any, message: Envelope) -> bool:
        """Tell whether a Datastream holds the message: a result time is never used twice."""
        found = self._get(
            f"Datastreams({_key(stream)})/Observations",
            {"$filter": f"resultTime eq {_instant(message)}", "$top": "1"},
        )
        return bool(found)

    def _datastreams(self, site: str, node: str) -> dict[str, Any]:
        """Return the id of each Datastream by its figure; what is missing is made."""
        key = (site, node)
        if key not in self._streams:
            thing = self._thing(site, node)
            there = {
                d["name"].rpartition(" ")[2]: d["@iot.id"] for d in self._get(f"Things({_key(thing)})/Datastreams")
            }
            for figure in FIGURES:
                if figure.name not in there:
                    body = _datastream(figure, site, node, self._meta.get(key)) | {"Thing": {"@iot.id": thing}}
                    there[figure.name] = self._create("Datastreams", body)
            self._streams[key] = there
        return self._streams[key]

    def _thing(self, site: str, node: str) -> Any:
        name = f"soundscape {site}/{node}"
        found = self._get("Things", {"$filter": f"name eq '{name}'"})
        if found:
            return found[0]["@iot.id"]
        meta = self._meta.get((site, node))
        body: dict[str, Any] = {
            "name": name,
            "description": (meta.place if meta else None) or "Soundscape sensor node",
            "properties": {"site": site, "node": node},
        }
        if meta and meta.location:
            point = {"type": "Point", "coordinates": [meta.location.longitude, meta.location.latitude]}
            encoding = "application/geo+json"
            place = meta.place or name
            body["Locations"] = [{"name": place, "description": place, "encodingType": encoding, "location": point}]
        return self._create("Things", body)

    def _create(self, collection: str, body: dict[str, Any]) -> Any:
        response = post(self._client, f"{self._url}/{collection}", body)
        if not response.is_success:
            raise Unusable(f"{self._url}/{collection} refuses: {response.status_code} {response.text[:200]}")
        if response.content:
            return response.json()["@iot.id"]
        inside = response.headers["Location"].rpartition("(")[2].rstrip(")")
        return inside.strip("'") if inside.startswith("'") else int(inside)

    def _get(self, path: str, params: dict[str, str] | None = None) -> list[dict[str, Any]]:
        response = answer(self._client.get(f"{self._url}/{path}", params=params))
        if not response.is_success:
            raise Unusable(f"{self._url}/{path} answers {response.status_code}: is it a SensorThings 1.1 service root?")
        values: list[dict[str, Any]] = response.json()["value"]
        return values


def run_sensorthings(
    settings: MqttSettings,
    *,
    url: str,
    token: str | None = None,
    kinds: Sequence[str] = ("data/minute",),
    site: str = "+",
    client_id: str = "soundscape-bridge-sensorthings",
    stop: threading.Event,
    on_state: Callable[[str], None] = lambda state: None,
) -> Counter[str]:
    """Carry minutes to a SensorThings service root (such as https://host/FROST-Server/v1.1) until `stop`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(headers=headers, timeout=HTTP_S) as client:
        return relay(settings, client_id, kinds, SensorThings(client, url), stop=stop, site=site, on_state=on_state)


def _datastream(figure: Figure, site: str, node: str, meta: Meta | None) -> dict[str, Any]:
    return {
        "name": f"soundscape {site}/{node} {figure.name}",
        "description": figure.meaning,
        "observationType": MEASUREMENT,
        "unitOfMeasurement": figure.unit,
        "ObservedProperty": {"name": figure.name, "description": figure.meaning, "definition": figure.definition},
        "Sensor": {
            "name": (meta.microphone if meta else None) or "microphone",
            "description": "soundscape-monitor",
            "encodingType": "text/html",
            "metadata": (meta.software if meta else None) or "soundscape-monitor",
        },
    }


def _instant(message: Envelope) -> str:
    return message.resultTime.isoformat().replace("+00:00", "Z")


def _key(key: Any) -> str:
    return f"'{key}'" if isinstance(key, str) else str(key)
