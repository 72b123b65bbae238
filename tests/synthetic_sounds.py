"""The sounds of a synthetic park and a synthetic street: how often each comes, how loud, how long."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp


def _hump(hour: float, middle: float, width: float) -> float:
    return exp(-(((hour - middle + 12) % 24 - 12) ** 2) / (2 * width**2))


@dataclass(frozen=True)
class Sound:
    """A kind of sound that comes and goes."""

    label: str
    colour: str
    per_hour: Callable[[float, bool], float]
    """Of local hour and weekend."""
    peak_db: float
    spread_db: float
    lasts_s: float


RUSH: Callable[[float, bool], float] = lambda hour, weekend: (  # noqa: E731
    0.04
    + (0.45 if weekend else 0.55) * _hump(hour, 14, 4.5)
    + (0.0 if weekend else 0.6) * (_hump(hour, 8.2, 0.9) + _hump(hour, 17.6, 1.2))
)
PARK = (
    Sound("Bird", "birds", lambda h, w: 8 + 150 * _hump(h, 5.3, 0.8) + 40 * _hump(h, 9, 3), 50, 4, 5),
    Sound("Bird", "birds", lambda h, w: 30 * _hump(h, 20, 1), 50, 4, 5),
    Sound("Vehicle", "hum", lambda h, w: 30 * RUSH(h, w), 50, 3, 14),
    Sound("Speech", "voices", lambda h, w: (26 if w else 14) * _hump(h, 15.5, 3.2), 54, 4, 30),
    Sound("Human sounds", "voices", lambda h, w: (5 if w else 2) * _hump(h, 15.5, 2), 60, 3, 120),
    Sound("Animal", "noise", lambda h, w: 3 * _hump(h, 8, 1.5) + 4 * _hump(h, 18.5, 2), 63, 4, 5),
    Sound("Music", "voices", lambda h, w: (1.2 if w else 0.15) * _hump(h, 20, 1.8), 57, 3, 1300),
    Sound("Noise", "noise", lambda h, w: 0 if w else 0.5 * _hump(h, 10, 0.7), 66, 2, 900),
    Sound("Noise", "hum", lambda h, w: 1.2 * _hump(h, 14, 5), 58, 4, 40),
)  # fmt: skip
STREET = (
    Sound("Vehicle", "hum", lambda h, w: 320 * RUSH(h, w), 67, 3.5, 8),
    Sound("Vehicle", "noise", lambda h, w: 9 * RUSH(h, w), 76, 3, 7),
    Sound("Speech", "voices", lambda h, w: 25 * _hump(h, 15, 4) + (12 if w else 3) * _hump(h, 23.5, 1.5), 60, 4, 15),
    Sound("Sounds of things", "noise", lambda h, w: 0 if w else 5 * _hump(h, 7.5, 1.5), 66, 4, 25),
    Sound("Music", "voices", lambda h, w: (3 if w else 0.8) * _hump(h, 22, 2), 64, 3, 60),
    Sound("Noise", "noise", lambda h, w: 1.0 * _hump(h, 13, 6), 80, 4, 25),
    Sound("Bird", "birds", lambda h, w: 4 + 40 * _hump(h, 5.3, 0.8), 50, 4, 5),
)  # fmt: skip
