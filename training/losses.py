"""Losses of the paper's recipe and of distillation."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks import Outputs

TASKS = ("scene", "event", "isop", "isoe", "pleasant", "eventful", "chaotic", "vibrant", "uneventful", "calm",
         "annoying", "monotonous")  # fmt: skip
"""One loss each, in this order."""
ALPHA = (1.0, 1.0) + (0.5,) * 10
"""Weight of each loss before the learned ones (paper)."""


class Batch(NamedTuple):
    """Inputs and targets of some clips."""

    mel: Tensor
    """Shape (B, T, 64), normalised."""
    loudness: Tensor
    """Shape (B, L, 1), normalised."""
    scene: Tensor
    """Shape (B, 3), probabilities or indicators."""
    event: Tensor
    """Shape (B, 15), likewise."""
    affect: Tensor
    """Shape (B, 10): ISOP, ISOE, eight PAQ."""
    scene_weight: Tensor
    """Shape (B,)."""

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


def affect_of(outputs: Outputs) -> Tensor:
    """ISOP, ISOE and the eight PAQ as one tensor (B, 10)."""
    return torch.cat([outputs.isop[:, None], outputs.isoe[:, None], outputs.paq], dim=-1)


def clamped_affect(outputs: Outputs) -> Tensor:
    """The same (B, 10) within its scales, as a node tells it."""
    affect = affect_of(outputs)
    return torch.cat([affect[:, :2].clamp(-1, 1), affect[:, 2:].clamp(1, 5)], dim=1)


def task_losses(outputs: Outputs, batch: Batch) -> Tensor:
    """The losses in the order TASKS: cross entropy, binary cross entropy, ten mean squared errors; shape (12,)."""
    scene = functional.cross_entropy(outputs.scene, batch.scene)
    event = functional.binary_cross_entropy_with_logits(outputs.event, batch.event)
    affect = (affect_of(outputs) - batch.affect).pow(2).mean(dim=0)
    return torch.cat([torch.stack([scene, event]), affect])


class UncertaintyWeights(nn.Module):
    """The paper's learned weighting of tasks: sum of alpha_i L_i / s_i^2 + log(1 + s_i), every s_i starting at 1."""

    def __init__(self) -> None:
        super().__init__()
        self.s = nn.Parameter(torch.ones(len(TASKS)))
        self.alpha: Tensor
        self.register_buffer("alpha", torch.tensor(ALPHA))

    def forward(self, losses: Tensor) -> Tensor:
        """Map the twelve losses to one."""
        total: Tensor = (self.alpha * losses / self.s.pow(2) + torch.log1p(self.s.abs())).sum()
        return total


class PlainSum(nn.Module):
    """The siblings' weighting: the plain sum of all losses."""

    def forward(self, losses: Tensor) -> Tensor:
        """Map the twelve losses to one."""
        return losses.sum()


class DistillationLoss(nn.Module):
    """Cross entropy (weighted by clip) + 4 x binary cross entropy + mean squared error relative to the variance."""

    def __init__(self, affect_variance: Tensor, event: float = 4.0, affect: float = 1.0) -> None:
        super().__init__()
        self.variance: Tensor
        self.register_buffer("variance", affect_variance)
        self.event, self.affect = event, affect

    def parts(self, outputs: Outputs, batch: Batch) -> Tensor:
        """Scene, event and affect loss, shape (3,)."""
        each = functional.cross_entropy(outputs.scene, batch.scene, reduction="none")
        scene = (each * batch.scene_weight).mean()
        event = functional.binary_cross_entropy_with_logits(outputs.event, batch.event)
        affect = ((affect_of(outputs) - batch.affect).pow(2) / self.variance).mean()
        return torch.stack([scene, event, affect])

    def forward(self, outputs: Outputs, batch: Batch) -> Tensor:
        """Map outputs and batch to one loss."""
        scene, event, affect = self.parts(outputs, batch)
        total: Tensor = scene + self.event * event + self.affect * affect
        return total
