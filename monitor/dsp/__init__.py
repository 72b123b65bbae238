"""Streaming acoustics: resampling, weighting, third octaves, ISO 532-1 loudness and log-mel, with carried state."""
