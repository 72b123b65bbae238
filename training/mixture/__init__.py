"""Soundscapes built from real recordings, with labels by construction: what the shipped weights were trained on."""
