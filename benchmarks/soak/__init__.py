"""The soak and fault harness: faults put into the real pipeline, hours of audio, a week of observations."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "narrate"), str(ROOT / "tests" / "aggregate")]
"""The virtual microphone, the brokers and the rude language model are those of the tests."""
