"""Home Assistant MQTT discovery: one device, its entities in one retained message (device discovery, 2024.12 on)."""

import json
from typing import Any

from monitor import __version__
from monitor.publish.contract.messages import Identity, topic
from monitor.publish.contract.payloads import Meta
from monitor.settings import Settings
from monitor.types import SCENES

MINUTE_EXPIRES_S = 300
"""Without a new minute for so long an entity becomes unavailable, s."""
HEALTH_EXPIRES_S = 600
CAPTION_EXPIRES_S = 7200
STATE_CHARACTERS = 255
"""Longest state that Home Assistant takes."""


def discovery_topic(identity: Identity, prefix: str) -> str:
    """Return the topic that announces the node."""
    return f"{prefix}/device/{_unique(identity)}/config"


def own_topic(settings: Settings) -> str | None:
    """Return the topic that announces the node of settings; None when it does not announce itself."""
    identity = Identity(site=settings.node.site, node=settings.node.name, session="")
    return discovery_topic(identity, settings.mqtt.discovery_prefix) if settings.mqtt.discovery else None


def discovery(identity: Identity, meta: Meta | None) -> bytes:
    """Return the announcement of the node and its entities."""
    unique = _unique(identity)
    device: dict[str, Any] = {
        "identifiers": [unique],
        "name": (meta.place if meta else None) or f"Soundscape {identity.node}",
        "manufacturer": "Soundscape Monitor",
        "model": "Sensor node",
        "sw_version": __version__,
    }
    if meta and meta.microphone:
        device["hw_version"] = meta.microphone
    entities = _minute_entities(identity) | _caption_entity(identity) | _health_entities(identity)
    for key, entity in entities.items():
        entity |= {"platform": "sensor", "unique_id": f"{unique}_{key}", "object_id": f"{unique}_{key}"}
    announcement = {
        "device": device,
        "origin": {"name": "soundscape-monitor", "sw_version": __version__},
        "availability": [
            {
                "topic": topic(identity, "status"),
                "value_template": "{{ value_json.result.state }}",
                "payload_available": "online",
                "payload_not_available": "offline",
            }
        ],
        "qos": 1,
        "components": entities,
    }
    return json.dumps(announcement, separators=(",", ":")).encode()


def _unique(identity: Identity) -> str:
    return f"soundscape_{identity.site}_{identity.node}".replace(".", "_")


def _minute_entities(identity: Identity) -> dict[str, dict[str, Any]]:
    level = {"device_class": "sound_pressure", "unit_of_measurement": "dBA", "suggested_display_precision": 1}
    affect = {"suggested_display_precision": 2}
    measured: dict[str, tuple[str, str, dict[str, Any]]] = {
        "laeq": ("Sound level LAeq", "levels.LAeq", level),
        "lafmax": ("Maximum level LAFmax", "levels.LAFmax", level),
        "l90": ("Background level L90", "levels.L90", level),
        "n5": ("Loudness N5", "loudness.N5", {"unit_of_measurement": "sone", "suggested_display_precision": 1}),
        "pleasantness": ("ISO pleasantness", "affect.isop", affect | {"icon": "mdi:emoticon-happy-outline"}),
        "eventfulness": ("ISO eventfulness", "affect.isoe", affect | {"icon": "mdi:pulse"}),
    }
    source = {"state_topic": topic(identity, "latest/minute"), "expire_after": MINUTE_EXPIRES_S}
    entities: dict[str, dict[str, Any]] = {
        key: {"name": name, "state_class": "measurement", "value_template": f"{{{{ value_json.result.{path} }}}}"}
        | source
        | extra
        for key, (name, path, extra) in measured.items()
    }
    entities["scene"] = {
        "name": "Scene",
        "device_class": "enum",
        "options": list(SCENES),
        "value_template": "{{ value_json.result.scene.label }}",
        "icon": "mdi:city-variant-outline",
    } | source
    entities["coverage"] = {
        "name": "Coverage",
        "state_class": "measurement",
        "unit_of_measurement": "%",
        "entity_category": "diagnostic",
        "suggested_display_precision": 0,
        "value_template": "{{ value_json.quality.coverage * 100 }}",
    } | source
    return entities


def _caption_entity(identity: Identity) -> dict[str, dict[str, Any]]:
    where = topic(identity, "latest/caption")
    attributes = "'text': r.text, 'source': r.source, 'language': r.language, 'start': r.start, 'end': r.end"
    return {
        "caption": {
            "name": "Soundscape",
            "icon": "mdi:text-box-outline",
            "state_topic": where,
            "expire_after": CAPTION_EXPIRES_S,
            "value_template": f"{{{{ value_json.result.headline[:{STATE_CHARACTERS}] }}}}",
            "json_attributes_topic": where,
            "json_attributes_template": f"{{% set r = value_json.result %}}{{{{ {{{attributes}}} | tojson }}}}",
        }
    }


def _health_entities(identity: Identity) -> dict[str, dict[str, Any]]:
    source = {
        "state_topic": topic(identity, "health"),
        "expire_after": HEALTH_EXPIRES_S,
        "entity_category": "diagnostic",
    }
    return {
        "health": {
            "name": "Health",
            "device_class": "enum",
            "options": ["ok", "degraded", "failing"],
            "value_template": "{{ value_json.result.state }}",
            "json_attributes_topic": topic(identity, "health"),
            "json_attributes_template": "{{ {'reasons': value_json.result.reasons} | tojson }}",
        }
        | source,
        "outbox": {
            "name": "Messages waiting",
            "state_class": "measurement",
            "value_template": "{{ value_json.result.outbox }}",
        }
        | source,
    }
