"""Training SoundEQnet cheaply at first: kernels of three taps, later filled into the wide kernels they span."""

import torch
from torch import Tensor, nn

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
def join(parts: dict[int, NarrowSoundEQnet], base: int) -> NarrowSoundEQnet:
    """Narrow networks of one kernel each as one with the branches of all; the rest, to be trained on, from `base`."""
    joined = NarrowSoundEQnet(tuple(sorted(parts)))
    state = {key: value for key, value in parts[base].state_dict().items() if not key.startswith("branches.")}
    for part in parts.values():
        state |= {key: value for key, value in part.state_dict().items() if key.startswith("branches.")}
    joined.load_state_dict(state)
    return joined


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
