"""The last stage: heads refitted on the frozen network's embeddings of whole windows, in seconds.

Convolutions run once over every clip; windows of 10 s to 30 s are then pooled from the same frame embeddings.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.networks.soundeqnet import FREQUENCIES_LEFT, KERNELS, NODE, Head, SoundEQnet
from training.soundscape_data import Rows, SoundscapeData
from training.targets import Targets
from training.warmstart import NarrowSoundEQnet, stand_in

FRAMES_A_STEP = 8
"""Log-mel frames between embeddings of a mel branch; loudness embeddings come five times as often."""


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Pooled embeddings of windows, and the clips they come from."""

    mel: Tensor
    """Shape (n, branches, 320), max + mean over the window."""
    loudness: Tensor
    """Shape (n, branches, 64)."""
    clip: Tensor
    """Shape (n,), index of the clip."""
    kernels: tuple[int, ...] = KERNELS
    """Kernels of the branches."""


def _pool(x: Tensor, first: int, last: int) -> Tensor:
    part = x[:, :, first:last]
    return (part.amax(dim=2) + part.mean(dim=2)).flatten(1)


@torch.inference_mode()
def pool_windows(
    network: SoundEQnet,
    data: SoundscapeData,
    rows: Rows,
    lengths: list[tuple[float, int]],
    seed: int = 0,
    size: int = 8,
) -> Pooled:
    """Pool the embeddings of clips over `count` random windows of `seconds`, for each (seconds, count) of `lengths`."""
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rng = np.random.default_rng(seed)
    mel, loudness, clips = [], [], []
    frames = data.arrays["mel"].shape[1]
    for at in range(0, len(rows), size):
        some = rows[at : at + size]
        batch = data.batch(some, frames, start=0)
        x = network.inputs(batch.mel, batch.loudness)
        embedded = {name: b.blocks_forward(x[name.split("_")[0]]) for name, b in network.branches.items()}  # type: ignore[operator]
        for length, count in lengths:
            for _ in range(count):
                wanted = min(int(length * 100) + 1, frames)
                start = int(rng.integers(0, (frames - wanted) // FRAMES_A_STEP + 1))
                pools: dict[str, list[Tensor]] = {"mel": [], "loudness": []}
                for name, value in embedded.items():
                    kind = name.split("_")[0]
                    times = 1 if kind == "mel" else 5
                    lost = frames // FRAMES_A_STEP * times - value.shape[2]
                    first = min(start * times, value.shape[2] - 1)
                    last = first + max(1, wanted // FRAMES_A_STEP * times - lost)
                    pools[kind].append(_pool(value, first, last))
                mel.append(torch.stack(pools["mel"], dim=1))
                loudness.append(torch.stack(pools["loudness"], dim=1))
                clips.append(torch.from_numpy(some.copy()))
    kernels = network.kernels if isinstance(network, NarrowSoundEQnet) else KERNELS
    return Pooled(torch.cat(mel), torch.cat(loudness), torch.cat(clips), kernels)


def nodes_of(network: SoundEQnet, pooled: Pooled) -> Tensor:
    """Node embeddings (n, 8, 64) of pooled ones, of branches or stand-ins."""
    mel, loudness, kernels = pooled.mel, pooled.loudness, pooled.kernels
    if mel.shape[1] < len(KERNELS):
        order = [kernels.index(stand_in(kernel, kernels)) for kernel in KERNELS]
        mel, loudness = mel[:, order], loudness[:, order]
    rows = mel.reshape(len(mel), len(KERNELS), NODE, FREQUENCIES_LEFT)
    nodes = []
    for i, kernel in enumerate(KERNELS):
        branch = network.branches[f"mel_k{kernel}"]
        nodes.append(torch.relu(branch.freq_to_1(rows[:, i])).squeeze(-1))  # type: ignore[operator]
    return torch.cat([torch.stack(nodes, dim=1), loudness], dim=1)


@torch.inference_mode()
def common_embeddings(network: SoundEQnet, pooled: Pooled) -> Tensor:
    """What the heads read, (n, 512), for pooled windows; the network in eval mode."""
    return network.eval().embed_common(nodes_of(network, pooled)).clone()


def refit(
    network: SoundEQnet, pooled: Pooled, targets: Targets, *, affect_penalty: float = 0.07, penalty: float = 0.02
) -> None:
    """Make every head linear in the common embedding, fitted in closed form or to convergence, in place.

    Affect by ridge regression, scene and events by logistic regression on soft targets; penalties on the squared
    weights of standardised inputs, as shares of the number of windows. Heads trained along with the trunk fit the
    recordings they know better and those they don't know worse.
    """
    x = common_embeddings(network, pooled).double()
    mean, spread = x.mean(dim=0), x.std(dim=0) + 1e-3
    z = (x - mean) / spread
    clip = pooled.clip
    scene, event, affect = (torch.from_numpy(y).double()[clip] for y in (targets.scene, targets.event, targets.affect))
    weight = torch.from_numpy(targets.scene_weight).double()[clip]
    centre = affect.mean(dim=0)
    gram = z.T @ z + affect_penalty * len(z) * torch.eye(z.shape[1], dtype=z.dtype)
    fits = {
        "affect": (torch.linalg.solve(gram, z.T @ (affect - centre)), centre),
        "scene": _logistic(z, scene, penalty, lambda s: functional.cross_entropy(s, scene, reduction="none") * weight),
        "event": _logistic(
            z, event, penalty, lambda s: functional.binary_cross_entropy_with_logits(s, event, reduction="none").sum(1)
        ),
    }
    for index, (name, head) in enumerate(network.heads.items()):
        assert isinstance(head, Head)
        slopes, offset = (
            fits[name] if name in fits else tuple(part[..., index - 2 : index - 1] for part in fits["affect"])
        )
        slopes = slopes / spread[:, None]
        make_linear(head, slopes.float(), (offset - mean @ slopes).float())


def _logistic(z: Tensor, truth: Tensor, penalty: float, loss: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Weights (512, k) and offsets (k,) of a penalised logistic regression, by L-BFGS from the mean of the targets."""
    share = truth.mean(dim=0).clamp(1e-3, 1 - 1e-3)
    slopes = torch.zeros(z.shape[1], truth.shape[1], dtype=z.dtype, requires_grad=True)
    offset = torch.log(share / (1 - share)).requires_grad_(True)
    optimiser = torch.optim.LBFGS([slopes, offset], max_iter=80, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        total = loss(z @ slopes + offset).mean() + penalty / 2 * slopes.pow(2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return slopes.detach(), offset.detach()


@torch.no_grad()
def make_linear(head: Head, slopes: Tensor, offset: Tensor) -> None:
    """Set a head to `common @ slopes + offset` exactly: gelu(x) - gelu(-x) = x, so two hidden units carry an output.

    The other hidden units keep their weights and lose their influence, until somebody trains on.
    """
    outputs = slopes.shape[1]
    head.embedding.weight[: 2 * outputs] = torch.cat([slopes.T, -slopes.T])
    head.embedding.bias[: 2 * outputs] = 0
    head.final.weight.zero_()
    one = torch.eye(outputs)
    head.final.weight[:, : 2 * outputs] = torch.cat([one, -one], dim=1)
    head.final.bias.copy_(offset)
