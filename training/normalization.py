"""Mean and spread of the network's inputs, from training data or from a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


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
    def measure(cls, mel: NDArray[np.generic], loudness: NDArray[np.generic]) -> "Normalization":
        """From clips, log-mel (n, T, 64) in dB and loudness (n, L) in sone, summed in float64."""
        return cls(
            mel_mean=mel.mean(axis=(0, 1), dtype=np.float64).astype(np.float32),
            mel_std=mel.std(axis=(0, 1), dtype=np.float64).astype(np.float32),
            loudness_mean=float(loudness.mean(dtype=np.float64)),
            loudness_std=float(loudness.std(dtype=np.float64)),
        )

    @classmethod
    def read(cls, path: Path) -> "Normalization":
        """From a JSON file {"log_mel": {"mean", "std"}, "loudness": {"mean", "std"}}."""
        return cls.from_dict(json.loads(path.read_text()))

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
