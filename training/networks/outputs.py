"""What every network of the paper returns, and the table of its twelve heads."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from monitor.types import EVENTS, PAQ, SCENES


class Outputs(NamedTuple):
    """Scores of a batch: logits for scene and events, plain values for affect."""

    scene: Tensor
    """Shape (B, 3), logits, order SCENES."""
    event: Tensor
    """Shape (B, 15), logits, order EVENTS."""
    isop: Tensor
    """Shape (B,), ISO pleasantness."""
    isoe: Tensor
    """Shape (B,), ISO eventfulness."""
    paq: Tensor
    """Shape (B, 8), order PAQ, nominally 1..5."""


class HeadSpec(NamedTuple):
    """One output of the network."""

    hidden: int
    """Width of SoundEQnet's task embedding."""
    size: int


HEADS: dict[str, HeadSpec] = {
    "scene": HeadSpec(256, len(SCENES)),
    "event": HeadSpec(256, len(EVENTS)),
    "isop": HeadSpec(64, 1),
    "isoe": HeadSpec(64, 1),
    **{quality: HeadSpec(128, 1) for quality in PAQ},
}
"""The twelve heads in the order of the original implementation."""


def gather(scores: dict[str, Tensor]) -> Outputs:
    """Order the scores of all heads, each (B, size), as Outputs."""
    return Outputs(
        scene=scores["scene"],
        event=scores["event"],
        isop=scores["isop"].squeeze(-1),
        isoe=scores["isoe"].squeeze(-1),
        paq=torch.cat([scores[quality] for quality in PAQ], dim=-1),
    )


class LinearHeads(nn.Module):
    """Twelve linear layers on one embedding (B, width): the output of the sibling networks."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({name: nn.Linear(width, spec.size) for name, spec in HEADS.items()})

    def forward(self, embedding: Tensor) -> Outputs:
        """Map (B, width) to Outputs."""
        return gather({name: head(embedding) for name, head in self.heads.items()})
