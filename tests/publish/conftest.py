"""Fixtures for whatever talks to a broker."""

from brokers import mosquitto, postgres

__all__ = ["mosquitto", "postgres"]
