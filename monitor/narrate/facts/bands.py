"""From figures to words: bands of level, loudness and feeling, and the words that the levels forbid."""

import math
from collections.abc import Collection, Mapping

LEVELS = ("very quiet", "quiet", "moderate", "loud", "very loud")
"""Bands, in order."""
LAEQ_LIMITS_DB = (40.0, 50.0, 65.0, 75.0)
"""Upper ends of the first four bands, LAeq in dB. 40: WHO Night Noise Guidelines (2009); 50: moderate annoyance
outdoors, WHO Guidelines for Community Noise (1999), table 1; 65: "unacceptable" in the EU Green Paper COM(96) 540;
75: a step further."""
N5_LIMITS_SONE = (2.0, 6.0, 18.0, 36.0)
"""The same for N5: what broadband sound of the levels above comes to in ISO 532-1, rounded."""

ANGLES = {
    "pleasant": 0,
    "vibrant": 45,
    "eventful": 90,
    "chaotic": 135,
    "annoying": 180,
    "monotonous": 225,
    "uneventful": 270,
    "calm": 315,
}
"""Direction of each perceived affective quality, degrees (ISO/TS 12913-3, figure A.1)."""
OPPOSITE = {
    "pleasant": "annoying",
    "vibrant": "monotonous",
    "eventful": "uneventful",
    "chaotic": "calm",
    "annoying": "pleasant",
    "monotonous": "vibrant",
    "uneventful": "eventful",
    "calm": "chaotic",
}
STRENGTHS = ("slightly", "clearly", "very")
NEUTRAL_RADIUS = 0.08
"""Closer to the middle than this, a soundscape is neither one nor the other."""
STRENGTH_LIMITS = (0.2, 0.45)
"""Radii at which slightly becomes clearly, and clearly becomes very."""

ROAD = frozenset({"Traffic", "Vehicle", "Noise"})


def level_band(LAeq: float | None) -> str | None:
    """Return the band of an LAeq, dB."""
    return None if LAeq is None else LEVELS[sum(limit <= LAeq for limit in LAEQ_LIMITS_DB)]


def loudness_band(N5: float | None) -> str | None:
    """Return the band of an N5, sone."""
    return None if N5 is None else LEVELS[sum(limit <= N5 for limit in N5_LIMITS_SONE)]


def agreement(paq: float) -> str:
    """Return the published band of a perceived affective quality, 1..5."""
    for limit, word in ((1.5, "strongly disagree"), (2.5, "disagree"), (3.5, "neutral"), (4.5, "agree")):
        if paq <= limit:
            return word
    return "strongly agree"


def strength(radius: float) -> str | None:
    """Return how strong a feeling is from its distance to the middle of the circumplex; None: neutral."""
    if radius < NEUTRAL_RADIUS:
        return None
    return STRENGTHS[sum(radius >= limit for limit in STRENGTH_LIMITS)]


def projections(isop: float, isoe: float) -> dict[str, float]:
    """Return how far a point of the circumplex lies in the direction of each quality."""
    return {
        word: isop * math.cos(math.radians(angle)) + isoe * math.sin(math.radians(angle))
        for word, angle in ANGLES.items()
    }


def adjacent(one: str, other: str) -> bool:
    """Return whether two qualities are the same or neighbours, at most 45 degrees apart."""
    return (ANGLES[one] - ANGLES[other]) % 360 in (0, 45, 315)


def withheld(LAeq: float | None, N5: float | None, active: Mapping[str, float]) -> dict[str, str]:
    """Return the feelings that may not be told beside these levels, each with the reason.

    Listeners reject machine captions that call a loud road calm or monotonous. The levels may be on an assumed
    scale: leaving a word out is never untrue. `active` is the share of time of each sound, 0..1.
    """
    bands: Collection[str | None] = (level_band(LAeq), loudness_band(N5))
    loud = "loud" in bands or "very loud" in bands
    very_loud = "very loud" in bands
    very_quiet = level_band(LAeq) == "very quiet" and loudness_band(N5) in (None, "very quiet", "quiet")
    road = max((active.get(label, 0.0) for label in ROAD), default=0.0) >= 0.5
    audible_road = road and ((LAeq or 0) >= 55 or (N5 or 0) >= 10)
    reasons: dict[str, str] = {}
    if loud or audible_road:
        why = "the place was loud" if loud else "traffic or noise was plainly audible most of the time"
        reasons |= dict.fromkeys(("calm", "monotonous", "uneventful"), why)
    if very_loud or (loud and road):
        reasons["pleasant"] = "the place was very loud" if very_loud else "the place was loud with traffic or noise"
    if very_quiet:
        reasons |= dict.fromkeys(("chaotic", "annoying", "eventful", "vibrant"), "the place was very quiet")
    return reasons
