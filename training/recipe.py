"""How the shipped weights were made: a narrow network first, widened, heads refitted, calibrated."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monitor.model.manifest import SHORT_S
from monitor.types import FloatArray
from training.calibration import calibrate
from training.distil import DistilSettings, distil, predict
from training.networks import Checkpoint
from training.networks.soundeqnet import SoundEQnet
from training.normalization import Normalization
from training.refit import Pooled, pool_windows, refit
from training.soundscape_data import SoundscapeData
from training.targets import Targets
from training.warmstart import NarrowSoundEQnet, assemble, narrow

Tick = Callable[[int, float, float], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Stages of the shipped weights."""

    kernels: tuple[int, ...] = (3, 7)
    """Branches that are trained, each with three taps; the others are filled from them."""
    minutes: float = 100.0
    """Budget of the narrow network."""
    dropout: float = 0.1
    """After each block while it trains."""
    lengths: tuple[tuple[float, int], ...] = ((30.0, 1), (10.0, 2))
    """Window lengths for the heads, s, and windows of each a clip."""
    seed: int = 0


SHIPPED = Recipe()


def narrow_network(
    recipe: Recipe,
    start: SoundEQnet | None,
    data: SoundscapeData,
    validation: SoundscapeData | None,
    folder: Path,
    tick: Tick,
) -> NarrowSoundEQnet:
    """Train (or resume, or read if done) the narrow network in `folder`, from a whole one if given."""
    torch.manual_seed(recipe.seed)
    settings = DistilSettings(minutes=recipe.minutes, seed=recipe.seed, warm=start is not None)
    kernels, dropout = recipe.kernels, recipe.dropout
    first = NarrowSoundEQnet(kernels, dropout) if start is None else narrow(start, kernels, dropout)
    averaged = distil(first, data, validation, settings, folder, tick)
    assert isinstance(averaged, NarrowSoundEQnet)
    return averaged


def pooled_lengths(
    network: SoundEQnet, sets: list[SoundscapeData], lengths: tuple[tuple[float, int], ...], seed: int
) -> tuple[Pooled, Targets]:
    """Pool windows of all clips of several sets, those too short for any as wholes; with the targets of the clips."""
    parts, targets, offset = [], [], 0
    for number, data in enumerate(sets):
        seconds = (data.arrays["mel"].shape[1] - 1) / 100
        fitting = [(length, count) for length, count in lengths if length <= seconds] or [(seconds, 1)]
        pooled = pool_windows(network, data, np.arange(len(data)), fitting, seed + number)
        parts.append(replace(pooled, clip=pooled.clip + offset))
        targets.append(data.targets)
        offset += len(data)
    tensors = [torch.cat([getattr(p, name) for p in parts]) for name in ("mel", "loudness", "clip")]
    joined = Pooled(tensors[0], tensors[1], tensors[2], parts[0].kernels)
    names = ("scene", "event", "affect", "scene_weight")
    return joined, Targets(*(np.concatenate([getattr(t, name) for t in targets]) for name in names))


def calibrated_fields(network: SoundEQnet, held_out: list[SoundscapeData]) -> dict[str, Any]:
    """Calibration and thresholds from held-out sets, every clip heard as a whole.

    Sets of clips of 4 s are for the newest 4 s, all others for the whole window; ValueError without any longer clips.
    """
    heard: dict[bool, list[tuple[FloatArray, ...]]] = {True: [], False: []}
    for data in held_out:
        frames = data.arrays["mel"].shape[1]
        said = predict(network, data, frames)
        rows = (said.scene.numpy(), said.event.numpy(), data.targets.scene, data.targets.event)
        heard[frames <= SHORT_S * 100 + 1].append(tuple(x.astype(np.float64) for x in rows))
    if not heard[False]:
        raise ValueError(
            "calibration needs held-out soundscapes longer than 4 s: run `python -m training mix --held-out`."
        )
    scene, event, scene_truth, event_truth = (np.concatenate(column) for column in zip(*heard[False], strict=True))
    brief = [np.concatenate(column) for column in zip(*heard[True], strict=True)]
    return calibrate(
        scene, event, {"scene": scene_truth, "event": event_truth}, (brief[1], brief[3]) if brief else None
    )


@torch.no_grad()
def rescale(network: SoundEQnet, ours: Normalization, other: Normalization) -> None:
    """Change the weights, in place, so that inputs scaled by `other` give what those scaled by `ours` gave.

    x_ours = a x_other + b, per mel band into the first batch norm, for loudness into the first convolutions.
    """
    bn0 = network.bn0
    assert bn0.running_mean is not None and bn0.running_var is not None
    a = torch.from_numpy(other.mel_std / ours.mel_std)
    b = torch.from_numpy((other.mel_mean - ours.mel_mean) / ours.mel_std)
    bn0.running_mean.copy_((bn0.running_mean - b) / a)
    bn0.running_var.copy_((bn0.running_var + bn0.eps) / a**2 - bn0.eps)
    scale = other.loudness_std / ours.loudness_std
    shift = (other.loudness_mean - ours.loudness_mean) / ours.loudness_std
    for name, branch in network.branches.items():
        if name.startswith("loudness"):
            block: Any = branch.blocks[0]  # type: ignore[index]
            total: Tensor = block.conv1.weight.sum(dim=(1, 2, 3))
            block.bn1.running_mean.sub_(shift * total)
            block.conv1.weight.mul_(scale)


def finish(
    trained: NarrowSoundEQnet,
    training: list[SoundscapeData],
    held_out: list[SoundscapeData],
    recipe: Recipe,
) -> tuple[SoundEQnet, dict[str, Any]]:
    """Widen a narrow network, refit the heads and calibrate; returns the whole network and its bundle fields."""
    pooled, targets = pooled_lengths(trained.eval(), training, recipe.lengths, recipe.seed)
    network = assemble(trained)
    refit(network, pooled, targets)
    return network, calibrated_fields(network, held_out)


def checkpoint(network: SoundEQnet, normalization: Normalization, fields: dict[str, Any]) -> Checkpoint:
    """A checkpoint that `python -m model_export export` turns into a bundle with these fields."""
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    return Checkpoint("SoundEQnet", weights, normalization.as_dict(), {"bundle": fields})
