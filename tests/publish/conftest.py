"""Fixtures for whatever talks to a broker."""

from brokers import mosquitto

__all__ = ["mosquitto"]
