"""Snapshots recorded from `live/snapshot`, one JSON object a line, read back.

`soundscape-monitor subscribe --kind live/snapshot --json > FILE` records them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from monitor.snapshot import Snapshot


def recorded(path: Path) -> Iterator[Snapshot]:
    """Yield the snapshots of a file: the messages as they were published, or bare snapshots.

    Raises ValueError naming the line that is not a snapshot, and OSError where the file cannot be read.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                tree = json.loads(line)
                bare = tree["result"] if isinstance(tree, dict) and "result" in tree else tree
                yield Snapshot.model_validate_json(json.dumps(bare))
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}, line {number}: not JSON: {error.msg}") from error
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in first["loc"]) or "the line"
                raise ValueError(f"{path}, line {number}: {place}: {first['msg']}") from error
