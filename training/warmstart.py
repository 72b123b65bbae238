"""Training SoundEQnet cheaply at first: kernels of three taps, later filled into the wide kernels they span."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from training.losses import Batch
from training.networks.soundeqnet import BRANCHES, Branch, SoundEQnet

TAPS = 3
FREQUENCY_STEP = {3: 1, 5: 1, 7: 2, 9: 2}
"""Spacing of the three taps over frequency, by the kernel they stand for; over time they span the whole kernel."""


def _steps(kind: str, kernel: int) -> tuple[int, int]:
    return (kernel - 1) // (TAPS - 1), FREQUENCY_STEP[kernel] if kind == "mel" else 1


def sparse_branch(kind: str, kernel: int, dropout: float = 0.0) -> Branch:
    """A branch whose kernels have three taps (3 x 3 for mel) spread over the span of `kernel`: the cost of k = 3."""
    branch = Branch(kind, kernel, dropout)
    step_time, step_frequency = _steps(kind, kernel)
    span = 1 + (TAPS - 1) * step_frequency
    for index, block in enumerate(branch.blocks):
        pad_frequency = (span - (1 if index == 0 else 3)) // 2 if kind == "mel" else 0
        for name in ("conv1", "conv2"):
            dense: nn.Conv2d = getattr(block, name)
            sparse = nn.Conv2d(
                dense.in_channels,
                dense.out_channels,
                (TAPS, TAPS if kind == "mel" else 1),
                padding=(int(dense.padding[0]), pad_frequency),
                dilation=(step_time * (index + 1), step_frequency),
                bias=False,
            )
            setattr(block, name, sparse)
    return branch


def fill(sparse: Tensor, shape: torch.Size, steps: tuple[int, int], noise: float, generator: torch.Generator) -> Tensor:
    """Put a kernel (out, in, 3, 3 or 1) with its taps `steps` apart into the middle of a dense one, noise around it."""
    dense = torch.randn(shape, generator=generator) * (noise * sparse.pow(2).mean().sqrt())
    rows, columns = sparse.shape[2:]
    top = (shape[2] - 1 - (rows - 1) * steps[0]) // 2
    left = (shape[3] - 1 - (columns - 1) * steps[1]) // 2
    for i in range(rows):
        for j in range(columns):
            dense[:, :, top + i * steps[0], left + j * steps[1]] = sparse[:, :, i, j]
    return dense


def thin(dense: Tensor, shape: torch.Size, steps: tuple[int, int]) -> Tensor:
    """Take the taps, `steps` apart, out of the middle of a dense kernel: the inverse of `fill`."""
    rows, columns = shape[2:]
    top = (dense.shape[2] - 1 - (rows - 1) * steps[0]) // 2
    left = (dense.shape[3] - 1 - (columns - 1) * steps[1]) // 2
    return dense[:, :, top : top + rows * steps[0] : steps[0], left : left + columns * steps[1] : steps[1]].clone()


def stand_in(kernel: int, kernels: tuple[int, ...]) -> int:
    """The kernel of `kernels` that stands for `kernel`: the widest that is not wider."""
    return max((one for one in kernels if one <= kernel), default=min(kernels))


class NarrowSoundEQnet(SoundEQnet):
    """SoundEQnet with sparse branches of some kernels only, each standing in for the wider ones that are left out."""

    def __init__(self, kernels: tuple[int, ...] = (3,), dropout: float = 0.0) -> None:
        super().__init__(dropout)
        self.kernels = kernels
        self.branches = nn.ModuleDict(
            {
                f"{kind}_k{kernel}": sparse_branch(kind, kernel, dropout)
                for kind in ("mel", "loudness")
                for kernel in kernels
            }
        )

    def embed(self, log_mel: Tensor, loudness: Tensor) -> Tensor:
        """Map a window to node embeddings (B, 8, 64), some of them equal."""
        x = self.inputs(log_mel, loudness)
        nodes = {name: branch(x[name.split("_")[0]]) for name, branch in self.branches.items()}
        return torch.stack([nodes[f"{kind}_k{stand_in(kernel, self.kernels)}"] for kind, kernel in BRANCHES], dim=1)


@torch.no_grad()
def narrow(full: SoundEQnet, kernels: tuple[int, ...], dropout: float = 0.0) -> NarrowSoundEQnet:
    """The taps of some branches of a full network, to train on cheaply; the others are given up."""
    thinned = NarrowSoundEQnet(kernels, dropout)
    shared = {key: value for key, value in full.state_dict().items() if not key.startswith("branches.")}
    thinned.load_state_dict(shared, strict=False)
    for name, sparse in thinned.branches.items():
        kind, kernel = name.split("_k")
        state = sparse.state_dict()
        for key, value in full.branches[name].state_dict().items():
            taps = value.dim() == 4
            state[key] = thin(value, state[key].shape, _steps(kind, int(kernel))) if taps else value.clone()
        sparse.load_state_dict(state)
    return thinned


@torch.no_grad()
def settle(network: SoundEQnet, batches: Iterable[Batch]) -> None:
    """Give every batch norm the statistics of its input, without a change to what the network says in eval mode."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    sums: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double().transpose(0, 1).flatten(1)
        sums[norm].append(torch.stack([x.mean(dim=1), x.pow(2).mean(dim=1)]))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    network.eval()
    for batch in batches:
        network(batch.mel, batch.loudness)
    for hook in hooks:
        hook.remove()
    for norm, noted in sums.items():
        if noted:
            mean, square = torch.stack(noted).mean(dim=0)
            _rebase(norm, mean.float(), (square - mean**2).clamp_min(1e-8).float())


def _rebase(norm: Any, mean: Tensor, variance: Tensor) -> None:
    """Change a batch norm's statistics, and its weights so that its output stays."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    norm.bias.add_((mean - norm.running_mean) * scale)
    norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


@torch.no_grad()
def assemble(narrow: NarrowSoundEQnet, noise: float = 0.0, seed: int = 0, dropout: float = 0.1) -> SoundEQnet:
    """A full SoundEQnet that gives (but for noise and the edges of the window) what a narrow one gives."""
    full = SoundEQnet(dropout)
    shared = {key: value for key, value in narrow.state_dict().items() if not key.startswith("branches.")}
    full.load_state_dict(shared, strict=False)
    generator = torch.Generator().manual_seed(seed)
    for kind, kernel in BRANCHES:
        source = stand_in(kernel, narrow.kernels)
        wide, sparse = full.branches[f"{kind}_k{kernel}"], narrow.branches[f"{kind}_k{source}"]
        state = wide.state_dict()
        for key, value in sparse.state_dict().items():
            if value.dim() == 4:
                value = fill(value, state[key].shape, _steps(kind, source), noise, generator)
            state[key] = value.clone()
        wide.load_state_dict(state)
    return full
