"""Does a bundle say what its network says? Torch against ONNX Runtime, window by window."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from monitor.model.bundle import Bundle
from monitor.model.collector import LOUDNESS_PER_UNIT, MEL_PER_UNIT, SHORT, WINDOW, Job
from monitor.model.predictor import engine_of
from monitor.model.scores import OUTPUTS

LIMIT = 1e-3
"""Largest relative deviation with which a float32 bundle is accepted: rounding stays two orders below."""


class Deviation(NamedTuple):
    """The largest difference found."""

    relative: float
    """|ONNX - torch| over the largest |torch| of the same output and window, at least 1."""
    output: str
    window: str
    """Name of the window, with "newest 4 s" if it differs there."""


def window(mel: NDArray[np.floating], loudness: NDArray[np.floating], stream: int = 0) -> Job:
    """A window of normalised features: mel (8 n + 1, 64) and loudness (40 n,)."""
    units = len(loudness) // LOUDNESS_PER_UNIT
    if len(mel) != units * MEL_PER_UNIT + 1 or len(loudness) != units * LOUDNESS_PER_UNIT:
        raise ValueError(f"{len(mel)} mel frames and {len(loudness)} loudness values are not a window")
    return Job(stream, 0, units, 0, np.asarray(mel, dtype=np.float32), np.asarray(loudness, dtype=np.float32))


def extreme_windows(bundle: Bundle, seed: int = 0) -> Iterator[tuple[str, Job]]:
    """Windows at the ends of what a node may hear: silence, the loudest, bursts, a step, noise; 4 to 30 s."""
    rng = np.random.default_rng(seed)
    some = 2 * SHORT + 1
    shapes = {
        "silence": np.zeros(some),
        "loudest": np.ones(some),
        "bursts": (np.arange(some) % 17 == 0).astype(np.float64),
        "step": (np.arange(some) > SHORT).astype(np.float64),
        "noise": rng.uniform(size=WINDOW),
        "short noise": rng.uniform(size=SHORT),
    }
    for i, (name, shape) in enumerate(shapes.items()):
        units = len(shape)
        mel = -100 + 150 * np.repeat(np.append(shape, shape[-1:]), MEL_PER_UNIT)[: units * MEL_PER_UNIT + 1, None]
        mel = mel + (rng.normal(size=(len(mel), 64)) if "noise" in name else np.zeros(64))
        sone = 300 * np.repeat(shape, LOUDNESS_PER_UNIT)
        (mean, std), (mean_n, std_n) = bundle.scaling("log_mel"), bundle.scaling("loudness")
        yield name, window((mel - mean) / std, (sone - mean_n) / std_n, stream=1000 + i)


def largest_deviation(network: nn.Module, bundle: Bundle, windows: Iterable[tuple[str, Job]]) -> Deviation:
    """Run both on windows and their newest 4 s."""
    engine = engine_of(bundle)
    worst = Deviation(0.0, "", "")
    for name, job in windows:
        got = engine.scores(job)
        newest = slice(-1 - SHORT * MEL_PER_UNIT, None), slice(-SHORT * LOUDNESS_PER_UNIT, None)
        for row, (frames, values) in enumerate(((slice(None),) * 2, newest)):
            mel = job.mel[frames] if bundle.manifest.engine == "incremental" else np.resize(job.mel[frames], (3001, 64))
            sone = job.loudness[values, None]
            with torch.inference_mode():
                wanted = network(torch.from_numpy(mel.copy())[None], torch.from_numpy(sone.copy())[None])
            for output in OUTPUTS:
                ours, theirs = getattr(got, output)[row], getattr(wanted, output)[0].numpy()
                relative = float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))
                if not relative <= worst.relative:
                    worst = Deviation(relative, output, f"{name}, newest 4 s" if row else name)
    return worst
