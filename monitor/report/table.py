"""The minutes of a span as CSV: one row a minute, times in UTC, units in the names of the columns."""

import csv
from collections.abc import Iterator
from datetime import UTC
from io import StringIO

from monitor.records import Interval
from monitor.report.sheet import Sheet
from monitor.types import EVENTS, SCENES, THIRD_OCTAVES_HZ

LEVELS = ("LAeq", "LCeq", "LZeq", "LAE", "LAFmax", "LAFmin", "LASmax", "LCpeak", "L5", "L10", "L50", "L90", "L95")
LOUDNESS = ("N5", "N10", "N50", "N90", "N_mean", "N_max")
QUALITY = ("coverage", "clipped_pct", "overload_pct", "under_range_pct", "wind_pct")


def columns() -> list[str]:
    """Return the names of the columns."""
    return [
        "start_utc",
        "duration_s",
        *(f"{name}_db" for name in LEVELS),
        *(f"{name}_sone" for name in LOUDNESS),
        "scene",
        *(f"scene_{name}" for name in SCENES),
        "isop",
        "isoe",
        *(f"active_{name.lower().replace(', ', '_').replace(' ', '_')}" for name in EVENTS),
        *(f"Leq_{hertz:g}_Hz_db" for hertz in THIRD_OCTAVES_HZ),
        *QUALITY,
        "calibrated",
        "level_reference",
        "clock",
        "model_id",
    ]


def as_csv(sheet: Sheet) -> str:
    """Return the minutes (periods where minutes are no longer kept) as CSV; an unknown value is an empty cell."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns())
    for piece in sheet.pieces:
        writer.writerow("" if cell is None else cell for cell in _cells(sheet.summary(piece)))
    return out.getvalue()


def _cells(one: Interval) -> Iterator[str | float | bool | None]:
    yield f"{one.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield one.duration_s
    yield from (getattr(one.levels, name) for name in LEVELS)
    yield from (getattr(one.loudness, name) for name in LOUDNESS)
    yield one.scene.label
    yield from (one.scene.prob.get(name) for name in SCENES)
    yield one.affect.isop
    yield one.affect.isoe
    yield from (one.events[name].active if name in one.events else None for name in EVENTS)
    yield from (one.levels.bands_Leq.get(f"{hertz:g}") for hertz in THIRD_OCTAVES_HZ)
    yield from (getattr(one.quality, name) for name in QUALITY)
    yield str(one.quality.calibrated).lower()
    yield one.quality.level_reference
    yield one.quality.clock
    yield one.model_id
