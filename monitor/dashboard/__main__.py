"""Play recorded snapshots: `python -m monitor.dashboard FILE.jsonl [SPEED]`."""

import sys
import time
from itertools import pairwise
from pathlib import Path

from monitor.dashboard.lines import line
from monitor.dashboard.live import Dashboard, can_draw
from monitor.dashboard.replay import recorded


def main(arguments: list[str]) -> int:
    """Play a file at a multiple of real time; without a terminal print plain lines. Return the exit code."""
    if len(arguments) not in (1, 2):
        print("usage: python -m monitor.dashboard FILE.jsonl [SPEED]", file=sys.stderr)
        return 2
    speed = float(arguments[1]) if len(arguments) == 2 else 1.0
    try:
        snapshots = list(recorded(Path(arguments[0])))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 65
    if not can_draw():
        for snapshot in snapshots:
            print(line(snapshot))
        return 0
    with Dashboard() as dashboard:
        for now, after in pairwise([*snapshots, *snapshots[-1:]]):
            dashboard.update(now)
            end = time.monotonic() + max(0.0, (after.at - now.at).total_seconds()) / speed
            while time.monotonic() < end and not dashboard.quit_requested:
                time.sleep(0.02)
            if dashboard.quit_requested:
                return 0
        while not dashboard.quit_requested:
            time.sleep(0.05)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
