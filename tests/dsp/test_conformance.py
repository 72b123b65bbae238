"""The page of conformance holds: all tests of the standards are measured again and stand within their limits."""

import subprocess
import sys
from pathlib import Path

from monitor.dsp.weighting import a_weighting_db, c_weighting_db, design

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_still_holds() -> None:
    """Every figure within 0.01 of the page and every margin positive."""
    command = [sys.executable, "-m", "benchmarks.conformance", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_weightings_are_0_db_at_1_khz() -> None:
    assert abs(a_weighting_db(1000)) < 1e-12 and abs(c_weighting_db(1000)) < 1e-12
    assert abs(design().response(1000, "A")) < 1e-12 and abs(design().response(1000, "C")) < 1e-12
