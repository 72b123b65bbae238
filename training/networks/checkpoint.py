"""Checkpoints of this project: a PyTorch file of plain data that names its network and how its input is scaled."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.networks.published import CheckpointError
from training.networks.registry import NETWORKS, build


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds."""

    network: str
    """Name in NETWORKS."""
    weights: dict[str, torch.Tensor]
    normalisation: dict[str, Any]
    """`log_mel` and `loudness`, each with `mean` and `std` (64 and 1 numbers), and the `source` of the numbers."""
    more: dict[str, Any] = field(default_factory=dict)
    """Anything plain: optimiser, step, arguments, config, and `bundle` (fields of the manifest to export with)."""

    def save(self, path: Path) -> None:
        """Write in one step; an interrupted save leaves the previous file."""
        partial = path.with_name(path.name + ".partial")
        content = {"network": self.network, "weights": self.weights, "normalisation": self.normalisation, **self.more}
        torch.save(content, partial)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read without running code; raises CheckpointError for anything else than a checkpoint of this project."""
        if not path.is_file():
            raise CheckpointError(f"{path}: no such file.")
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds for what is no checkpoint or not plain data
            raise CheckpointError(
                f"{path}: not a checkpoint of plain data ({type(error).__name__}); it is not opened otherwise."
            ) from error
        wanted = ("network", "weights", "normalisation")
        if not isinstance(content, dict) or not all(key in content for key in wanted):
            raise CheckpointError(
                f"{path}: not a checkpoint of this project, which holds {', '.join(wanted)}; "
                "weights of the authors are read by `python -m model_export import`."
            )
        if content["network"] not in NETWORKS:
            raise CheckpointError(f"{path}: unknown network {content['network']!r}.")
        return cls(**{key: content.pop(key) for key in wanted}, more=content)

    def module(self) -> nn.Module:
        """The network with these weights, in eval mode; raises CheckpointError naming keys that do not fit."""
        network = build(self.network)
        missing, unexpected = network.load_state_dict(self.weights, strict=False)
        if missing or unexpected:
            raise CheckpointError(f"not the weights of {self.network}; missing: {missing}, unexpected: {unexpected}.")
        return network.eval()
