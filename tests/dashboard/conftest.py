"""A broker for the tests of the view of a node elsewhere."""

from brokers import mosquitto

__all__ = ["mosquitto"]
