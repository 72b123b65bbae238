"""Whether the sun is up."""

import math
from datetime import UTC, datetime
from typing import Literal


def sun_elevation(time: datetime, latitude: float, longitude: float) -> float:
    """Return the sun's elevation in degrees, good to about half a degree.

    Declination and equation of time by the series of Spencer (1971), as in NOAA's solar calculator.
    """
    utc = time.astimezone(UTC)
    hours = utc.hour + utc.minute / 60 + utc.second / 3600
    g = 2 * math.pi / 365 * (utc.timetuple().tm_yday - 1 + (hours - 12) / 24)
    minutes = 229.18 * (
        0.000075
        + 0.001868 * math.cos(g)
        - 0.032077 * math.sin(g)
        - 0.014615 * math.cos(2 * g)
        - 0.040849 * math.sin(2 * g)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(g)
        + 0.070257 * math.sin(g)
        - 0.006758 * math.cos(2 * g)
        + 0.000907 * math.sin(2 * g)
        - 0.002697 * math.cos(3 * g)
        + 0.00148 * math.sin(3 * g)
    )
    hour_angle = math.radians((hours * 60 + minutes + 4 * longitude) / 4 - 180)
    phi = math.radians(latitude)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def light(
    time: datetime, latitude: float | None, longitude: float | None
) -> Literal["daylight", "twilight", "dark"] | None:
    """Return daylight, twilight (civil: the sun at most 6 degrees below the horizon) or dark; None without a place."""
    if latitude is None or longitude is None:
        return None
    elevation = sun_elevation(time, latitude, longitude)
    return "daylight" if elevation > -0.833 else "twilight" if elevation > -6 else "dark"
