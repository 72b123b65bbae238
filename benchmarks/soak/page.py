"""docs/endurance.md, from what was measured."""

import io
import os
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime

from benchmarks.__main__ import machine
from benchmarks.soak import ROOT
from benchmarks.soak.cycle import Outcome
from benchmarks.soak.long import LongRun
from benchmarks.soak.table import print_long, print_outcomes

PAGE = ROOT / "docs" / "endurance.md"
INTRODUCTION = """# Endurance

What becomes of a node when things around it and in it fail. Written by `python -m benchmarks.soak --page`, which
puts each fault into the real pipeline (`soundscape-monitor run` with a virtual PulseAudio microphone, a real
Mosquitto, real databases), over and over. `--fault NAME` runs chosen faults, `--quick` takes about a minute; `make
test` runs the short form, `make test-long` the long one. The exit code is 1 when a fault was not noticed or not
recovered from, or a message was lost.

- **detected, recovered**: median and largest, from the beginning and the end of the fault. A fault is detected when
  it is published (`health`, `status`, `live/snapshot`) or, where nothing can be published, logged; recovered when
  levels, the broker, the disk or the words are back.
- **no levels (no sound)**: seconds without levels, from the coverage of the published minutes, and, of these,
  seconds in which there was no sound to measure because the microphone was away; over all times together.
- **lost**: messages that the node told and that did not reach a subscriber, by `seq` within each session.
"""
NOTES = """
## How it is done
- Faults of broker, disk, history and language model begin 1.5 s before the turn of a minute, so that a minute, a
  period and a caption are told in the middle of them. The broker's killer is `kill -9`; freezing is SIGSTOP; the
  full disk is a small tmpfs; the locked history is another process in a write transaction; the starved processor is
  SIGSTOP and SIGCONT in turn, 3 % of the time running.
- The wall clock is set by libfaketime, with the kernel said to be synchronised; local time changes are heard in
  file runs with `--start`. Where the clock was set, seconds without levels are the time between two minutes' arrivals
  less the levels that the history kept (within half a second), since minutes may be lived twice.

## What is not perfect
- `kill -9` takes up to the last 5 s of levels with it, since the open minute is drafted to disk so often, beside the
  start of the new process, which tells the draft; a power cut takes what the system had not yet written, about 30 s.
- A frozen broker is noticed when a message has waited 30 s for its acknowledgement.
- On a machine as busy as its load says, the virtual microphone itself stalls: these gaps count as no levels too.
- A refused node tries again ever more rarely, after a minute at the latest: so long it may take to come back.
- A new process needs a few seconds until the first level.
- Memory takes a step of about 7 MB at the first midnight, when a digest is told for the first time; later it is level.
"""


def write(outcomes: Sequence[Outcome], long: Sequence[LongRun]) -> None:
    """Write the page."""
    with redirect_stdout(io.StringIO()) as tables:
        print_outcomes(outcomes)
        print_long(long)
    load = os.getloadavg()[2]
    measured = f"\n{datetime.now(UTC):%Y-%m-%d}, {machine()}; load of the machine when it was written: {load:.0f}.\n\n"
    PAGE.write_text(INTRODUCTION + measured + tables.getvalue() + NOTES)
