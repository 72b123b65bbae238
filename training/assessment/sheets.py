"""The tables of a listening test: captions in, key, and the sheets that participants return."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SCALES = {
    "precision": (1, 5),
    "recall": (1, 5),
    "fluency": (-2, 0),
    "conciseness": (-2, 0),
    "irrelevance": (-2, 0),
}
"""What is rated, and the least and the greatest rating."""
SHEET = ("participant", "item", *SCALES, "comment")


class SheetError(ValueError):
    """A table that cannot be used: what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One participant's judgement of one caption, in the order of SCALES."""

    participant: str
    item: str
    scores: tuple[int, ...]


def rows(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file that has at least these columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise SheetError(f"{path}: column {', '.join(sorted(missing))} is missing")
            return [{name: (value or "").strip() for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SheetError(f"{path} cannot be read: {error}") from None


def write(path: Path, columns: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(list(columns))
        writer.writerows([list(line) for line in lines])


def ratings(paths: Iterable[Path], items: Iterable[str]) -> list[Rating]:
    """Return the ratings of returned sheets; captions that a participant left out are skipped."""
    known = set(items)
    found: dict[tuple[str, str], Rating] = {}
    for path in paths:
        for number, row in enumerate(rows(path, SHEET[:-1]), 2):
            if not any(row[scale] for scale in SCALES):
                continue
            where = f"{path}, line {number}"
            if row["item"] not in known:
                raise SheetError(f"{where}: item {row['item']!r} is not in the key of this test")
            if not row["participant"]:
                raise SheetError(f"{where}: the participant is missing")
            place = (row["participant"], row["item"])
            if place in found:
                raise SheetError(f"{where}: {place[0]} rated item {place[1]} twice")
            found[place] = Rating(*place, tuple(_score(row[scale], scale, where) for scale in SCALES))
    if not found:
        raise SheetError("the sheets hold no rating")
    return list(found.values())


def _score(text: str, scale: str, where: str) -> int:
    low, high = SCALES[scale]
    try:
        value = int(text)
    except ValueError:
        raise SheetError(f"{where}: {scale} is {text!r}, not a whole number") from None
    if not low <= value <= high:
        raise SheetError(f"{where}: {scale} is {value}, not {low} to {high}")
    return value
