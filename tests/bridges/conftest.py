"""Fixtures for bridges: a broker, and the records of the publish tests."""

import sys
from pathlib import Path

from brokers import mosquitto

sys.path.append(str(Path(__file__).resolve().parent.parent / "publish"))

__all__ = ["mosquitto"]
