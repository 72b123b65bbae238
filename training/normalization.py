"""Mean and spread of the network's inputs, from training data or from a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.types import FloatArray

Array = NDArray[np.float32]
CLIPS_A_BLOCK = 16
"""Clips that are widened to float64 at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Normalization:
    """Log-mel (64 bands) and loudness scaled to mean 0, SD 1 over the training data."""

    mel_mean: Array
    mel_std: Array
    loudness_mean: float
    loudness_std: float
    source: str = ""
    """Where the numbers come from; "published" for those of the paper's authors."""

    @classmethod
    def measure(
        cls, mel: NDArray[np.generic], loudness: NDArray[np.generic], rows: NDArray[np.int64] | None = None
    ) -> "Normalization":
        """From clips (those of `rows`), log-mel (n, T, 64) in dB and loudness (n, L) in sone, summed in float64.

        A few clips are in memory at a time: the arrays may be mapped.
        """
        rows = np.arange(len(mel)) if rows is None else rows
        mel_mean, mel_std = _moments(mel, rows, mel.shape[-1])
        loudness_mean, loudness_std = _moments(loudness, rows, 1)
        return cls(
            mel_mean=mel_mean.astype(np.float32),
            mel_std=mel_std.astype(np.float32),
            loudness_mean=float(loudness_mean[0]),
            loudness_std=float(loudness_std[0]),
        )

    @classmethod
    def read(cls, path: Path) -> "Normalization":
        """From a JSON file {"log_mel": {"mean", "std"}, "loudness": {"mean", "std"}}; ValueError for anything else."""
        try:
            return cls.from_dict(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise ValueError(f"{path}: not a file of means and deviations of log_mel and loudness: {error}.") from error

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Normalization":
        """From the content of such a file, or of a checkpoint."""
        return cls(
            mel_mean=np.array(table["log_mel"]["mean"], dtype=np.float32),
            mel_std=np.array(table["log_mel"]["std"], dtype=np.float32),
            loudness_mean=float(np.ravel(table["loudness"]["mean"])[0]),
            loudness_std=float(np.ravel(table["loudness"]["std"])[0]),
            source=table.get("source", ""),
        )

    def as_dict(self) -> dict[str, Any]:
        """The content of the JSON file."""
        return {
            "log_mel": {"mean": [float(x) for x in self.mel_mean], "std": [float(x) for x in self.mel_std]},
            "loudness": {"mean": [self.loudness_mean], "std": [self.loudness_std]},
            "source": self.source,
        }

    def apply(self, mel: NDArray[np.generic], loudness: NDArray[np.generic]) -> tuple[Array, Array]:
        """Normalised log-mel (n, T, 64) and loudness (n, L, 1), float32: what the network takes."""
        x = (mel.astype(np.float32) - self.mel_mean) / self.mel_std
        y = (loudness.astype(np.float32)[..., None] - self.loudness_mean) / self.loudness_std
        return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def _moments(values: NDArray[np.generic], rows: NDArray[np.int64], bands: int) -> tuple[FloatArray, FloatArray]:
    """Mean and SD per band, (bands,) each, of clips (n, ...) of which the last axis holds the bands, or is time."""
    pivot = total = square = np.zeros(bands)
    count = 0
    for at in range(0, len(rows), CLIPS_A_BLOCK):
        x = values[rows[at : at + CLIPS_A_BLOCK]].astype(np.float64).reshape(-1, bands)
        pivot = x.mean(axis=0) if at == 0 else pivot  # near the mean: no digits are lost in the difference of squares
        x -= pivot
        total, square, count = total + x.sum(axis=0), square + (x * x).sum(axis=0), count + len(x)
    mean = total / count
    return pivot + mean, np.sqrt(np.maximum(square / count - mean**2, 0))
