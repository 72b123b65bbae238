"""How each kind of message travels: its quality of service, whether the broker keeps it, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from monitor.publish.contract.messages import KINDS


@dataclass(frozen=True, slots=True)
class Way:
    """Quality of service, retention, and expiry in s (MQTT 5 alone has one)."""

    qos: Literal[0, 1]
    retain: bool
    expiry_s: int | None = None


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "status": Way(1, True),
        "meta": Way(1, True),
        "health": Way(0, True, 300),
        "latest/minute": Way(0, True, 600),
        "latest/caption": Way(0, True, 7200),
        "live/snapshot": Way(0, False, 10),
    }
    | {kind: Way(1, False) for kind in KINDS if kind.startswith("data/")}
)
"""Way by topic below the node; `data/*` goes through the outbox until it is acknowledged."""
