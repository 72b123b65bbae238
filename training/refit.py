"""The last stage: everything behind the pooling (graph and heads) trained on frozen pooled embeddings, in seconds.

Convolutions run once over every clip; windows of 4 s to 30 s are then pooled from the same frame embeddings, so that
the heads learn all window lengths that the node shows them.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.losses import Batch, DistillationLoss
from training.networks import Outputs
from training.networks.soundeqnet import FREQUENCIES_LEFT, KERNELS, NODE, SoundEQnet
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
    seconds: Tensor
    """Shape (n,), length of the window."""
    kernels: tuple[int, ...] = KERNELS
    """Kernels of the branches."""

    def __len__(self) -> int:
        return len(self.mel)

    def where(self, mask: Tensor) -> "Pooled":
        """The windows for which `mask` is true."""
        return Pooled(self.mel[mask], self.loudness[mask], self.clip[mask], self.seconds[mask], self.kernels)


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
    mel, loudness, clips, seconds = [], [], [], []
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
                seconds.append(torch.full((len(some),), length))
    kernels = network.kernels if isinstance(network, NarrowSoundEQnet) else KERNELS
    return Pooled(torch.cat(mel), torch.cat(loudness), torch.cat(clips), torch.cat(seconds), kernels)


def classify_pooled(network: SoundEQnet, mel: Tensor, loudness: Tensor, kernels: tuple[int, ...] = KERNELS) -> Outputs:
    """Outputs for pooled embeddings, mel (B, b, 320) and loudness (B, b, 64), of four branches or their stand-ins."""
    if mel.shape[1] < len(KERNELS):
        order = [kernels.index(stand_in(kernel, kernels)) for kernel in KERNELS]
        mel, loudness = mel[:, order], loudness[:, order]
    rows = mel.reshape(len(mel), len(KERNELS), NODE, FREQUENCIES_LEFT)
    nodes = []
    for i, kernel in enumerate(KERNELS):
        branch = network.branches[f"mel_k{kernel}"]
        nodes.append(torch.relu(branch.freq_to_1(rows[:, i])).squeeze(-1))  # type: ignore[operator]
    return network.classify(torch.cat([torch.stack(nodes, dim=1), loudness], dim=1))


def head_parameters(network: SoundEQnet) -> list[nn.Parameter]:
    """Parameters behind the pooling."""
    return [
        p for name, p in network.named_parameters() if "freq_to_1" in name or not name.startswith(("branches.", "bn0."))
    ]


def refit(
    network: SoundEQnet,
    pooled: Pooled,
    targets: Targets,
    *,
    epochs: int = 12,
    batch: int = 128,
    learning_rate: float = 1e-3,
    dropout: float = 0.1,
    weight_decay: float = 1e-4,
    seed: int = 0,
) -> None:
    """Train graph and heads on pooled windows, in place; the weights kept are their average over the last third."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    parameters = head_parameters(network)
    optimiser = torch.optim.AdamW(parameters, learning_rate, weight_decay=weight_decay)
    scene, event, affect = (torch.from_numpy(x) for x in (targets.scene, targets.event, targets.affect))
    weight = torch.from_numpy(targets.scene_weight)
    criterion = DistillationLoss(affect.var(dim=0))
    batch = min(batch, len(pooled))
    steps = epochs * (len(pooled) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps, pct_start=0.1)
    averaged = torch.optim.swa_utils.AveragedModel(network, use_buffers=True)
    network.train()
    none = torch.zeros(0)
    step = 0
    for _ in range(epochs):
        order = torch.randperm(len(pooled), generator=generator)
        for at in range(0, len(order) - batch + 1, batch):
            rows = order[at : at + batch]
            mel = nn.functional.dropout(pooled.mel[rows], dropout)
            loudness = nn.functional.dropout(pooled.loudness[rows], dropout)
            clip = pooled.clip[rows]
            outputs = classify_pooled(network, mel, loudness, pooled.kernels)
            loss = criterion(outputs, Batch(none, none, scene[clip], event[clip], affect[clip], weight[clip]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
            schedule.step()
            step += 1
            if step > 2 * steps // 3:
                averaged.update_parameters(network)
    network.load_state_dict(averaged.module.state_dict())
    network.eval()
