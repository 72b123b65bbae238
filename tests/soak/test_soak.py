"""The node outlives what may go wrong around it and in it: the soak harness, in its short and its long form."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 5000


def soak(*options: str, timeout_s: float) -> list[dict[str, Any]]:
    """What the harness found; it must have found everything good."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak", "--json", *options],
        cwd=ROOT, env=os.environ | {"TERM": "dumb"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=timeout_s)
    finally:
        process.terminate()  # it takes along what it has started
        process.wait()
    if process.returncode == 69:
        pytest.skip(err.strip())
    assert out, err
    found: list[dict[str, Any]] = json.loads(out)
    assert process.returncode == 0, [f"{run['name']}: {run['failures']}" for run in found if not run["good"]]
    return found


def test_quick_faults_and_hours_of_observations_lose_no_message() -> None:
    *faults, hours = soak("--quick", timeout_s=280)
    for fault in faults:
        assert fault["times"] == len(fault["detected_s"]) == len(fault["recovered_s"]) == 1, fault["name"]
    unplugged = faults[0]
    assert unplugged["without_levels_s"] < unplugged["without_sound_s"] + 5, "deaf only while there was nothing to hear"
    assert hours["figures"]["messages lost"].startswith("0 of ")


@pytest.mark.long
@pytest.mark.timeout(DEADLINE_S)
def test_every_fault_ten_times_is_noticed_and_outlived_and_no_message_is_lost() -> None:
    """And six hours of audio, and seven days of observations."""
    for run in soak(timeout_s=DEADLINE_S):
        if "times" in run:
            assert run["times"] == 10 and run["lost"] == 0, run["name"]


def test_an_unknown_fault_is_refused_in_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--fault", "flood"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2 and "invalid choice: 'flood'" in done.stderr
