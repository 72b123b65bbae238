"""Features of a clip by the same code as on the node, and shards of them on disk."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.dsp.loudness import loudness
from monitor.dsp.mel import log_mel
from monitor.types import LOUDNESS_STEP, MEL_STEP, RATE_HZ, TRAINING_FULL_SCALE_PA, FloatArray

Array = NDArray[np.float32]


def clip_features(pressure_pa: FloatArray, lead_samples: int = 0) -> tuple[Array, Array]:
    """Log-mel (T, 64) in dB on the training scale, and loudness (L,) in sone, of a clip at 48 kHz, shape (n,), Pa.

    The lead-in (a multiple of 480 samples) is heard but left out: loudness then has no onset, as in a running stream.
    """
    if lead_samples % MEL_STEP:
        raise ValueError(f"lead_samples: a multiple of {MEL_STEP} expected, {lead_samples} received.")
    mel = log_mel(pressure_pa / TRAINING_FULL_SCALE_PA, RATE_HZ)
    sone = loudness(pressure_pa, field="free")
    return mel[lead_samples // MEL_STEP :], np.asarray(sone[lead_samples // LOUDNESS_STEP :], dtype=np.float32)


class Shards:
    """A folder of .npz files with equal keys; each holds the arrays of some clips, row by row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, index: int) -> Path:
        """File of shard `index`."""
        return self.folder / f"{index:05d}.npz"

    def done(self) -> list[Path]:
        """Finished shards in order."""
        return sorted(self.folder.glob("[0-9]*.npz"))

    def write(self, index: int, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Write a shard in one step: an interrupted run leaves no half of one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.path(index).with_suffix(".partial")
        with partial.open("wb") as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]
        partial.replace(self.path(index))

    def read(self, limit: int | None = None) -> dict[str, NDArray[np.generic]]:
        """All arrays of the first `limit` shards, joined along the first axis; ValueError if there are none."""
        files = self.done()[:limit]
        if not files:
            raise ValueError(f"{self.folder}: no finished shards; run the step that writes them first.")
        parts: dict[str, list[NDArray[np.generic]]] = {}
        for file in files:
            with np.load(file) as shard:
                for key in shard.files:
                    parts.setdefault(key, []).append(shard[key])
        return {key: np.concatenate(values) for key, values in parts.items()}
