"""Snapshots recorded from `live/snapshot`, one JSON object a line, read back."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from monitor.snapshot import Snapshot


def recorded(path: Path) -> Iterator[Snapshot]:
    """Yield the snapshots of a file.

    Raises ValueError naming the line that is not a snapshot, and OSError where the file cannot be read.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield Snapshot.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in first["loc"]) or "the line"
                raise ValueError(f"{path}, line {number}: {place}: {first['msg']}") from error
