"""The whole node: CPU by stage, memory, start-up, latency, and life on a quarter of a core."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
"""The virtual microphone and the broker are those of the tests."""
