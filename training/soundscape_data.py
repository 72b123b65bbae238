"""Generated soundscapes in memory, as batches of crops with soft targets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.features import Shards
from training.losses import Batch
from training.normalization import Normalization
from training.targets import soft_targets

Rows = NDArray[np.int64]


class SoundscapeData:
    """Generated soundscapes in memory, growing as the generator goes on."""

    def __init__(self, folder: Path, normalization: Normalization, seed: int) -> None:
        self.shards, self.normalization = Shards(folder), normalization
        self.rng = np.random.default_rng(seed)
        self.seen = -1
        self.refresh()

    def refresh(self) -> bool:
        """Read new shards if there are any."""
        count = len(self.shards.done())
        if count == self.seen:
            return False
        self.seen = count
        self.arrays: dict[str, NDArray[Any]] = self.shards.read()
        self.targets = soft_targets(self.arrays)
        seen = self.arrays["teacher_embedding"].astype(np.float32)
        self.arrays["teacher_embedding"], self.hint_mean = seen, seen.mean(axis=0)
        self.hint_std = seen.std(axis=0) + 1e-3
        self.order = self.rng.permutation(len(self))
        return True

    def __len__(self) -> int:
        return len(self.arrays["mel"])

    def batch(self, rows: Rows, frames: int, start: int | None = None) -> Batch:
        """Crops of `frames` frames at random places (or from `start`), normalised."""
        mel, loudness = self.arrays["mel"], self.arrays["loudness"]
        last = mel.shape[1] - frames
        starts = self.rng.integers(0, max(1, last + 1), len(rows)) if start is None else np.full(len(rows), start)
        x = np.stack([mel[row, at : at + frames] for row, at in zip(rows, starts, strict=True)])
        steps = (frames - 1) * 5
        y = np.stack([loudness[row, at * 5 : at * 5 + steps] for row, at in zip(rows, starts, strict=True)])
        x, y = self.normalization.apply(x, y)
        t = self.targets
        arrays = (x, y, t.scene[rows], t.event[rows], t.affect[rows], t.scene_weight[rows])
        return Batch(*map(torch.from_numpy, arrays))

    def hints(self, rows: Rows) -> Tensor:
        """What the teachers' last layers saw, scaled to mean 0 and SD 1, shape (B, 356)."""
        return torch.from_numpy((self.arrays["teacher_embedding"][rows] - self.hint_mean) / self.hint_std)

    def forever(self, size: int) -> Iterator[Rows]:
        """Rows of batch after batch, reshuffled (and new shards taken in) after each round."""
        while True:
            size = min(size, len(self.order))
            for at in range(0, len(self.order) - size + 1, size):
                yield self.order[at : at + size]
            if not self.refresh():
                self.order = self.rng.permutation(len(self))
