"""The ensemble of published siblings as teachers: what it says of a log-mel becomes soft targets."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.losses import clamped_affect
from training.networks import Outputs, load_published
from training.normalization import Normalization

TEACHERS = ("AD_CNN", "Baseline_CNN", "Hierarchical_CNN")
WINDOW = 3001
"""Frames the teachers were trained on (30 s)."""
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """The teachers' answers for a batch, one row a clip."""

    scene: Array
    """Shape (B, teachers, 3), probabilities."""
    event: Array
    """Shape (B, teachers, 15), probabilities."""
    affect: Array
    """Shape (B, teachers, 10): ISOP, ISOE (-1..1), eight PAQ (1..5), clamped."""
    embedding: Array
    """Shape (B, 356): what the last layers of the teachers see (100, 128 and 128 numbers), as hints for the student."""


def scene_target(scene: Array) -> Array:
    """Combine scene probabilities (B, teachers, 3) by their geometric mean: one doubtful teacher does not blur two."""
    logs = np.log(np.maximum(scene, 1e-4)).mean(axis=1)
    joint = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(joint / joint.sum(axis=1, keepdims=True), dtype=np.float32)


class Ensemble:
    """The published siblings, on the CPU or a GPU."""

    def __init__(self, folder: Path, normalization: Path, device: str = "cpu") -> None:
        self.device = torch.device(device)
        self.names = TEACHERS
        self._seen: list[Tensor] = []
        self.networks: list[nn.Module] = [
            load_published(folder / f"{name.lower()}.npz", name).to(self.device).eval() for name in TEACHERS
        ]
        for network in self.networks:
            last = network.heads if hasattr(network, "heads") else network.event
            last.register_forward_pre_hook(lambda _, inputs: self._seen.append(inputs[0]))  # type: ignore[union-attr]
        scale = Normalization.read(normalization)
        self.mean, self.std = (torch.from_numpy(x).to(self.device) for x in (scale.mel_mean, scale.mel_std))

    @torch.inference_mode()
    def ask(self, log_mel: Array) -> Opinion:
        """Ask all teachers about log-mels (B, T, 64) in dB; AD_CNN, which wants 3,001 frames, hears less repeated."""
        x = (torch.from_numpy(log_mel).to(self.device) - self.mean) / self.std
        self._seen.clear()
        answers = [self._ask_one(network, x) for network in self.networks]
        return Opinion(
            scene=np.stack([a.scene.softmax(-1).cpu().numpy() for a in answers], axis=1),
            event=np.stack([a.event.sigmoid().cpu().numpy() for a in answers], axis=1),
            affect=np.stack([clamped_affect(a).cpu().numpy() for a in answers], axis=1),
            embedding=torch.cat(self._seen, dim=-1).cpu().numpy(),
        )

    def _ask_one(self, network: nn.Module, x: Tensor) -> Outputs:
        repeats = (WINDOW - 1) // x.shape[1]
        if repeats >= 2 and hasattr(network, "linear_layer"):
            return _ask_tiled_ad_cnn(network, x, repeats)
        if network.__class__.__name__ == "ADCNN":
            x = x.repeat(1, WINDOW // x.shape[1] + 1, 1)[:, :WINDOW]
        return network(x)  # type: ignore[no-any-return]


def _ask_tiled_ad_cnn(network: nn.Module, x: Tensor, repeats: int) -> Outputs:
    """AD_CNN on a tiled clip at the cost of one repetition: its pooled rows repeat as the clip does."""
    margin, frames = 20, x.shape[1] // 20 * 20
    x = x[:, :frames]
    x = torch.cat([x[:, -margin:], x, x[:, :margin]], dim=1).unsqueeze(1)
    x = functional.relu(network.bn1(network.conv1(x)))  # type: ignore[operator]
    x = functional.relu(network.bn2(network.conv2(x)))  # type: ignore[operator]
    x = functional.max_pool2d(x, (5, 5))
    x = functional.relu(network.bn3(network.conv3(x)))  # type: ignore[operator]
    x = functional.max_pool2d(x, (4, 10))[:, :, margin // 20 : (margin + frames) // 20]
    x = x.repeat(1, 1, repeats + 1, 1)[:, :, : WINDOW // 20]
    return network.heads(functional.relu(network.linear_layer(x.flatten(1))))  # type: ignore[operator,no-any-return]
