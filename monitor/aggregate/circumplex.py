"""The affective circumplex of ISO/TS 12913-3:2019: from eight perceived affective qualities to two coordinates."""

from collections.abc import Mapping
from typing import Literal

from monitor.types import PAQ

Quadrant = Literal["vibrant", "calm", "monotonous", "chaotic"]

_COS45 = 2**-0.5
_RANGE = 4 + 32**0.5
"""Makes the largest attainable sum 1 (ISO/TS 12913-3:2019, A.3)."""

Qualities = Mapping[str, float]


def isop(paq: Qualities) -> float:
    """Return ISO pleasantness, -1..1, of eight PAQ on 1..5 (ISO/TS 12913-3:2019, formula A.1)."""
    total = paq["pleasant"] - paq["annoying"]
    total += _COS45 * (paq["calm"] - paq["chaotic"])
    total += _COS45 * (paq["vibrant"] - paq["monotonous"])
    return total / _RANGE


def isoe(paq: Qualities) -> float:
    """Return ISO eventfulness, -1..1, of eight PAQ on 1..5 (ISO/TS 12913-3:2019, formula A.2)."""
    total = paq["eventful"] - paq["uneventful"]
    total += _COS45 * (paq["chaotic"] - paq["calm"])
    total += _COS45 * (paq["vibrant"] - paq["monotonous"])
    return total / _RANGE


def by_name(values: "list[float] | tuple[float, ...]") -> dict[str, float]:
    """Return eight PAQ in the order of `monitor.types.PAQ` by their names."""
    return dict(zip(PAQ, values, strict=True))


def quadrant(pleasantness: float, eventfulness: float) -> Quadrant:
    """Return the quadrant of a point: vibrant, calm, monotonous (uneventful, unpleasant) or chaotic."""
    if pleasantness >= 0:
        return "vibrant" if eventfulness >= 0 else "calm"
    return "chaotic" if eventfulness >= 0 else "monotonous"
