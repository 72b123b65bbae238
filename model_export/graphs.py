"""SoundEQnet restated for the sliding window: a trunk that advances hop by hop, and a head that scores pooled windows.

The arithmetic is that of `training.networks.SoundEQnet` in eval mode, with batch norm folded into the convolutions and
time on the last axis, where ONNX Runtime's convolutions are fastest (frequency is the padded axis).
docs/model.md draws the scheme.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.outputs import Outputs
from training.networks.soundeqnet import BRANCHES, FREQUENCIES_LEFT, KERNELS, NODE, Block, Branch, SoundEQnet

CONTEXT = 2 * (max(KERNELS) - 1)
"""Frames before the new ones that the first block of the widest branch looks back on."""
SNIPPET = 81
"""Frames of an edge snippet: it yields the first and the last embedding of a window for the padded branch."""
LAG = {("mel", 3): 6, ("mel", 7): 4, ("loudness", 3): 4, ("loudness", 7): 4}
"""Newest frames that a branch leaves for the next hop, so that pairs are pooled as in the full window."""


def affine(bn: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Scale and offset, (C,) each, that a batch norm applies in eval mode."""
    assert bn.running_var is not None and bn.running_mean is not None
    scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    return scale.detach(), (bn.bias - bn.running_mean * scale).detach()


def fold(conv: nn.Conv2d, bn: nn.BatchNorm2d) -> nn.Conv2d:
    """One convolution for conv + batch norm, with time and frequency exchanged: (B, C, T, F) becomes (B, C, F, T)."""
    scale, offset = affine(bn)
    out_channels, in_channels, k_time, k_frequency = conv.weight.shape
    dilation, pad_frequency = int(conv.dilation[0]), int(conv.padding[1])
    folded = nn.Conv2d(
        in_channels, out_channels, (k_frequency, k_time), padding=(pad_frequency, 0), dilation=(1, dilation)
    )
    with torch.no_grad():
        folded.weight.copy_((conv.weight * scale[:, None, None, None]).transpose(2, 3))
        folded.bias.copy_(offset)  # type: ignore[union-attr]
    return folded


class StepBlock(nn.Module):
    """A block without padding in time, which drops the frames it looks back on."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.conv1 = fold(block.conv1, block.bn1)
        self.conv2 = fold(block.conv2, block.bn2)
        pool_time, pool_frequency = block.pool.kernel_size  # type: ignore[misc]
        self.pool = (pool_frequency, pool_time)
        self.channels = self.conv1.in_channels
        self.context = 2 * (self.conv1.kernel_size[1] - 1) * self.conv1.dilation[1]

    def forward(self, x: Tensor, pad_time: int = 0) -> Tensor:
        """Map (B, C, F, context + t) to (B, C', F', t / 2)."""
        for conv in (self.conv1, self.conv2):
            pads = (conv.padding[0], pad_time)
            x = functional.relu(functional.conv2d(x, conv.weight, conv.bias, 1, pads, conv.dilation))  # type: ignore[arg-type]
        return functional.avg_pool2d(x, self.pool)


class StepBranch(nn.Module):
    """A branch that is given its own past: raw frames for block 1, cached block inputs for blocks 2 and 3."""

    def __init__(self, branch: Branch, kind: str, kernel: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(StepBlock(block) for block in branch.blocks)  # type: ignore[arg-type]
        rows = (32, 14) if kind == "mel" else (1, 1)
        later = list(self.blocks)[1:]
        self.state_shapes = [(1, b.channels, f, b.context) for b, f in zip(later, rows, strict=True)]
        self.lag = LAG.get((kind, kernel), 0)

    def forward(self, frames: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Map (1, 1, F, CONTEXT + t) and two states to embeddings (1, 64, F', t / 8) and the new states."""
        x = frames[..., CONTEXT - self.blocks[0].context - self.lag : frames.shape[-1] - self.lag]  # type: ignore[operator]
        x = self.blocks[0](x)
        kept = []
        for block, state in zip(list(self.blocks)[1:], states, strict=True):
            x = torch.cat([state, x], dim=-1)
            kept.append(x[..., -state.shape[-1] :])
            x = block(x)
        return x, kept


class Trunk(nn.Module):
    """Eight branches advanced by one hop.

    Inputs: `mel` (1, 1, 64, 16 + 8 n) and `loudness` (1, 1, 1, 16 + 40 n), normalised, newest last, with the 16 values
    before the hop; `snippets` (s, 1, 64, 81), mel at window edges; `state` (N,), zeros at the start of a stream.
    Outputs: `mel_embeddings` (4, n, 320), `loudness_embeddings` (4, 5 n, 64), `edges` (s, 2, 320), `next_state` (N,).
    """

    def __init__(self, network: SoundEQnet) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            StepBranch(branch, kind, kernel)  # type: ignore[arg-type]
            for (kind, kernel), branch in zip(BRANCHES, network.branches.values(), strict=True)
        )
        self.scale, self.offset = (nn.Parameter(x.reshape(1, 1, -1, 1)) for x in affine(network.bn0))
        self.state_sizes = [torch.Size(s).numel() for b in self.branches for s in b.state_shapes]  # type: ignore[union-attr]

    def forward(self, mel: Tensor, loudness: Tensor, snippets: Tensor, state: Tensor) -> tuple[Tensor, ...]:
        """Advance by n x 8 mel frames and n x 40 loudness values."""
        pieces = list(torch.split(state, self.state_sizes))
        mel = mel * self.scale + self.offset
        embeddings: dict[str, list[Tensor]] = {"mel": [], "loudness": []}
        kept: list[Tensor] = []
        for (kind, _), branch in zip(BRANCHES, self.branches, strict=True):
            states = [pieces.pop(0).reshape(shape) for shape in branch.state_shapes]  # type: ignore[union-attr]
            x, new = branch(mel if kind == "mel" else loudness, states)
            embeddings[kind].append(_time_major(x))
            kept += [one.flatten() for one in new]
        edges = snippets * self.scale + self.offset
        for i, block in enumerate(self.branches[0].blocks):  # type: ignore[arg-type]
            edges = block(edges, pad_time=int(i == 0))
        return (
            torch.cat(embeddings["mel"]),
            torch.cat(embeddings["loudness"]),
            _time_major(edges),
            torch.cat(kept),
        )


def _time_major(x: Tensor) -> Tensor:
    """(B, 64, F, t) to (B, t, 64 F)."""
    return x.permute(0, 3, 1, 2).flatten(2)


class Head(nn.Module):
    """Scores of w pooled windows: `mel` (w, 4, 320) and `loudness` (w, 4, 64), each max + mean over the window."""

    def __init__(self, network: SoundEQnet) -> None:
        super().__init__()
        self.network = network
        self.to_1 = nn.ModuleList(network.branches[f"mel_k{kernel}"].freq_to_1 for kernel in KERNELS)  # type: ignore[misc]

    def forward(self, mel: Tensor, loudness: Tensor) -> Outputs:
        """Map pooled embeddings to the network's outputs."""
        rows = mel.reshape(-1, len(KERNELS), NODE, FREQUENCIES_LEFT)
        nodes = [functional.relu(to_1(rows[:, i])).squeeze(-1) for i, to_1 in enumerate(self.to_1)]
        return self.network.classify(torch.cat([torch.stack(nodes, dim=1), loudness], dim=1))
