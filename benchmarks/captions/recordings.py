"""Captions of 20 real recordings, with the facts they rest on."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor.app.describe import describe
from monitor.model.bundle import Bundle
from monitor.settings import CalibrationSettings
from monitor.sources.calibration import resolve

KINDS = (
    "Bird", "Speech", "Traffic", "Water", "Wind", "Music", "Human sounds", "Vehicle", "Silence", "Animal",
    "Sounds of things", "Noise",
)  # fmt: skip
COUNT = 20
UNTRAINED = frozenset({"nc", "pixabay", "unclear"})
"""Licence classes whose recordings only ever validate."""
SHORTEST_S = 15.0


def chosen(audio: Path) -> list[dict[str, str]]:
    """Return 20 rows of the manifest that no shipped weights were trained on.

    Kinds of sound in turn, each recording of another origin, outdoors, of at least 15 s.
    """
    with (audio / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["licence_class"] in UNTRAINED]
    rows = [row for row in rows if float(row["seconds"]) >= SHORTEST_S and row["setting"] == "outdoor"]
    rows.sort(key=lambda row: row["file"])
    origins: set[str] = set()
    picked: list[dict[str, str]] = []
    for turn in range(COUNT):
        kind = KINDS[turn % len(KINDS)]
        fitting = [r for r in rows if kind in r["events"].split(";") and r["origin_id"] not in origins]
        if fitting and len(picked) < COUNT:
            picked.append(fitting[len(fitting) // 2])
            origins.add(picked[-1]["origin_id"])
    for row in rows:
        if len(picked) < COUNT and row["origin_id"] not in origins:
            picked.append(row)
            origins.add(row["origin_id"])
    return picked


def described(audio: Path, bundle: Path | None) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Yield the rows and what `describe` says of each recording."""
    model = Bundle.load(bundle)
    uncalibrated = resolve(CalibrationSettings(), None, None)
    for row in chosen(audio):
        yield row, describe(audio / row["file"], model, uncalibrated)
