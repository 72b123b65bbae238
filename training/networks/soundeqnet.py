"""SoundEQnet (published as SoundAQnet): eight convolutional branches, a gated graph layer over them, twelve heads.

Restated without a graph library: the graph is complete with self loops and eight nodes, so that message passing is a
dense 8 x 8 sum. Parameters, arithmetic and layer order are those of the published model.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.outputs import HEADS, Outputs, gather

KERNELS = (3, 5, 7, 9)
CHANNELS = (1, 16, 32, 64)
BRANCHES = tuple((kind, kernel) for kind in ("mel", "loudness") for kernel in KERNELS)
"""The nodes of the graph, in the order in which they are concatenated."""
NODE = 64
HIDDEN = 32
COMMON = 512
MEL_BINS = 64
FREQUENCIES_LEFT = 5
"""Frequency rows left of 64 mel bins after three blocks."""


class Block(nn.Module):
    """Two convolutions with batch norm and ReLU, then an average over pairs."""

    def __init__(
        self,
        channels_in: int,
        channels: int,
        kernel: tuple[int, int],
        padding: tuple[int, int],
        dilation: int,
        pool: tuple[int, int],
    ) -> None:
        super().__init__()
        shape = {"kernel_size": kernel, "padding": padding, "dilation": (dilation, 1), "bias": False}
        self.conv1 = nn.Conv2d(channels_in, channels, **shape)  # type: ignore[arg-type]
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, **shape)  # type: ignore[arg-type]
        self.bn2 = nn.BatchNorm2d(channels)
        self.pool = nn.AvgPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels_in, T, F) to (B, channels, about T / 2, F / 2 or F)."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.relu(self.bn2(self.conv2(x)))
        return self.pool(x)  # type: ignore[no-any-return]


class Branch(nn.Module):
    """Three blocks over time: one embedding every eight input frames, pooled by max + mean over the window."""

    def __init__(self, kind: str, kernel: int, dropout: float) -> None:
        super().__init__()
        mel = kind == "mel"
        self.blocks = nn.ModuleList()
        for index, (channels_in, channels) in enumerate(pairwise(CHANNELS)):
            pad_time = int(mel and kernel == 3 and index == 0)
            pad_frequency = (kernel - (1 if index == 0 else 3)) // 2
            self.blocks.append(
                Block(
                    channels_in,
                    channels,
                    kernel=(kernel, kernel if mel else 1),
                    padding=(pad_time, pad_frequency if mel else 0),
                    dilation=index + 1,
                    pool=(2, 2 if mel else 1),
                )
            )
        self.dropout = nn.Dropout(dropout)
        self.freq_to_1 = nn.Linear(FREQUENCIES_LEFT, 1) if mel else None
        if self.freq_to_1 is not None:
            # All inputs are >= 0 after ReLU: a negative draw would leave the ReLU that follows dead from the start.
            nn.init.uniform_(self.freq_to_1.weight, 0.5 / FREQUENCIES_LEFT, 1.5 / FREQUENCIES_LEFT)
            nn.init.zeros_(self.freq_to_1.bias)

    def blocks_forward(self, x: Tensor) -> Tensor:
        """Map (B, 1, T, F) to the output of the last block, (B, 64, T', 5 or 1)."""
        for block in self.blocks:
            x = self.dropout(block(x))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 1, T, F) to the node embedding (B, 64)."""
        x = self.blocks_forward(x)
        pooled = x.amax(dim=2) + x.mean(dim=2)
        return pooled.squeeze(-1) if self.freq_to_1 is None else functional.relu(self.freq_to_1(pooled)).squeeze(-1)


class GatedGraph(nn.Module):
    """One gated graph convolution (Bresson and Laurent 2017) over the complete graph of all branches."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding_h = nn.Linear(NODE, HIDDEN)
        self.embedding_e = nn.Linear(NODE, HIDDEN)
        self.A = nn.Linear(HIDDEN, NODE)
        self.B = nn.Linear(HIDDEN, NODE)
        self.C = nn.Linear(HIDDEN, NODE)
        self.D = nn.Linear(HIDDEN, NODE)
        self.E = nn.Linear(HIDDEN, NODE)
        self.bn_node_h = nn.BatchNorm1d(NODE)
        self.bn_node_e = nn.BatchNorm1d(NODE)
        """Belongs to the edge output, which nothing reads: kept for the published parameters, never trained."""

    def forward(self, nodes: Tensor) -> Tensor:
        """Map (B, 8, 64) to (B, 8, 64)."""
        h = self.embedding_h(nodes)
        edge = self.C(self.embedding_e(nodes.new_ones(NODE)))
        logit = self.D(h).unsqueeze(2) + self.E(h).unsqueeze(1) + edge  # (B, source, destination, 64)
        gate = 1 / (1 + torch.exp(-logit))  # written out: ONNX Runtime's Sigmoid is only accurate to 2e-7
        message = (gate * self.B(h).unsqueeze(2)).sum(dim=1) / (gate.sum(dim=1) + 1e-6)
        h = self.A(h) + message
        return functional.relu(self.bn_node_h(h.transpose(1, 2)).transpose(1, 2))


class Head(nn.Module):
    """A task embedding and its linear output."""

    def __init__(self, hidden: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(COMMON, hidden)
        self.final = nn.Linear(hidden, size)

    def forward(self, common: Tensor) -> Tensor:
        """Map (B, 512) to (B, size)."""
        return self.final(functional.gelu(self.embedding(common)))  # type: ignore[no-any-return]


class SoundEQnet(nn.Module):
    """The published network: 2,701,812 parameters."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(MEL_BINS)
        self.branches = nn.ModuleDict({f"{kind}_k{k}": Branch(kind, k, dropout) for kind, k in BRANCHES})
        self.graph = GatedGraph()
        self.residual = nn.ModuleDict({name: nn.Linear(2 * NODE, NODE) for name in self.branches})
        self.common = nn.Linear(len(BRANCHES) * NODE, COMMON)
        self.heads = nn.ModuleDict({name: Head(spec.hidden, spec.size) for name, spec in HEADS.items()})

    def inputs(self, log_mel: Tensor, loudness: Tensor) -> dict[str, Tensor]:
        """What the branches of each kind see: mel after batch norm (B, 1, T, 64) and loudness (B, 1, L, 1)."""
        mel = self.bn0(log_mel.unsqueeze(1).transpose(1, 3)).transpose(1, 3)
        return {"mel": mel, "loudness": loudness.unsqueeze(1)}

    def embed(self, log_mel: Tensor, loudness: Tensor) -> Tensor:
        """Map a window to its node embeddings (B, 8, 64)."""
        x = self.inputs(log_mel, loudness)
        return torch.stack([branch(x[name.split("_")[0]]) for name, branch in self.branches.items()], dim=1)

    def embed_common(self, nodes: Tensor) -> Tensor:
        """Map node embeddings (B, 8, 64) to the common embedding (B, 512)."""
        graph = self.graph(nodes)
        pairs = torch.cat([nodes, graph], dim=-1)  # (B, 8, 128)
        mixed = [functional.gelu(layer(pairs[:, i])) for i, layer in enumerate(self.residual.values())]
        return functional.gelu(self.common(torch.cat(mixed, dim=-1)))

    def answer(self, common: Tensor) -> Outputs:
        """Map the common embedding (B, 512) to Outputs."""
        return gather({name: head(common) for name, head in self.heads.items()})

    def classify(self, nodes: Tensor) -> Outputs:
        """Map node embeddings (B, 8, 64) to Outputs."""
        return self.answer(self.embed_common(nodes))

    def forward(self, log_mel: Tensor, loudness: Tensor) -> Outputs:
        """Map normalised log-mel (B, T, 64) and normalised loudness (B, L, 1) to Outputs; L is about 5 T."""
        return self.classify(self.embed(log_mel, loudness))
