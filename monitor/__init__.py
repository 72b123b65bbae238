"""Soundscape Monitor: a node that listens to a place and says what it sounds like and how it feels to be there."""

__version__ = "0.1.0"
