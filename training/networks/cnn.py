"""The plain convolutional siblings of the paper: AD_CNN, Baseline_CNN and Hierarchical_CNN; they hear log-mel only."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from monitor.types import EVENTS, PAQ, SCENES
from training.networks.outputs import LinearHeads, Outputs


def _as_image(log_mel: Tensor) -> Tensor:
    return log_mel.unsqueeze(1)  # (B, T, 64) -> (B, 1, T, 64)


class ADCNN(nn.Module):
    """AD_CNN: three 7x7 convolutions and one dense layer, for windows of 3,001 frames; 521,472 parameters."""

    FRAMES = 3001

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 7, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 16, 7, padding=3, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16, 32, 7, padding=3, bias=False)
        self.bn3 = nn.BatchNorm2d(32)
        self.dropout = nn.Dropout(0.3)
        self.linear_layer = nn.Linear(4800, 100)
        self.heads = LinearHeads(100)

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, 3001, 64) to Outputs."""
        x = functional.relu(self.bn1(self.conv1(_as_image(log_mel))))
        x = functional.relu(self.bn2(self.conv2(x)))
        x = self.dropout(functional.max_pool2d(x, (5, 5)))
        x = functional.relu(self.bn3(self.conv3(x)))
        x = self.dropout(functional.max_pool2d(x, (4, 10)))
        return self.heads(functional.relu(self.linear_layer(x.flatten(1))))  # type: ignore[no-any-return]


class CNNTrunk(nn.Module):
    """The four convolutions shared by three siblings: (B, T, 64) to (B, 128, T / 130).

    bn0 and the convolutions 2, 4 and 6 are never used, but belong to the published parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(64)
        sizes = ((1, 16, 3), (16, 16, 3), (16, 32, 5), (32, 32, 5), (32, 64, 7), (64, 64, 7), (64, 128, 9))
        for i, (channels_in, channels, kernel) in enumerate(sizes, start=1):
            self.add_module(f"conv{i}", nn.Conv2d(channels_in, channels, kernel, padding=int(i < 7), bias=False))
            self.add_module(f"bn{i}", nn.BatchNorm2d(channels))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Map log-mel (B, T, 64) to (B, 128, T')."""
        x = _as_image(log_mel)
        for i, pool in ((1, (2, 2)), (3, (3, 2)), (5, (4, 1)), (7, (5, 2))):
            x = functional.relu(self.get_submodule(f"bn{i}")(self.get_submodule(f"conv{i}")(x)))
            x = functional.max_pool2d(x, pool)
        return x.squeeze(-1)


class BaselineCNN(nn.Module):
    """Baseline_CNN: the trunk, its mean over time, and twelve linear heads."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = CNNTrunk()
        self.heads = LinearHeads(128)

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, T, 64) to Outputs."""
        return self.heads(self.trunk(log_mel).mean(dim=2))  # type: ignore[no-any-return]


class HierarchicalCNN(nn.Module):
    """Hierarchical_CNN: scene from events, ISO pleasantness and eventfulness from the eight qualities."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = CNNTrunk()
        self.event = nn.Linear(128, len(EVENTS))
        self.event_embedding = nn.Linear(len(EVENTS), len(EVENTS))
        self.scene = nn.Linear(len(EVENTS), len(SCENES))
        self.paq = nn.ModuleDict({quality: nn.Linear(128, 1) for quality in PAQ})
        self.paq_embedding = nn.Linear(len(PAQ), len(PAQ))
        self.isop = nn.Linear(len(PAQ), 1)
        self.isoe = nn.Linear(len(PAQ), 1)

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, T, 64) to Outputs."""
        x = self.trunk(log_mel).mean(dim=2)
        event = self.event(x)
        paq = torch.cat([head(x) for head in self.paq.values()], dim=-1)
        affect = functional.relu(self.paq_embedding(paq))
        return Outputs(
            scene=self.scene(self.event_embedding(event)),
            event=event,
            isop=self.isop(affect).squeeze(-1),
            isoe=self.isoe(affect).squeeze(-1),
            paq=paq,
        )
