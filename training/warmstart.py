"""Training SoundEQnet cheaply at first: kernels of three taps, later filled into the wide kernels they span."""

import torch
from torch import Tensor, nn

from training.networks.soundeqnet import BRANCHES, KERNELS, Branch, SoundEQnet

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


class NarrowSoundEQnet(SoundEQnet):
    """SoundEQnet with one sparse mel and one sparse loudness branch, each standing in for all four of its kind."""

    def __init__(self, kernel: int = 3, dropout: float = 0.0) -> None:
        super().__init__(dropout)
        self.kernel = kernel
        self.branches = nn.ModuleDict(
            {f"{kind}_k{kernel}": sparse_branch(kind, kernel, dropout) for kind in ("mel", "loudness")}
        )

    def embed(self, log_mel: Tensor, loudness: Tensor) -> Tensor:
        """Map a window to node embeddings (B, 8, 64), four equal ones of each kind."""
        x = self.inputs(log_mel, loudness)
        nodes = [self.branches[f"{kind}_k{self.kernel}"](x[kind]) for kind in ("mel", "loudness")]
        return torch.stack([nodes[0]] * len(KERNELS) + [nodes[1]] * len(KERNELS), dim=1)


@torch.no_grad()
def assemble(
    parts: dict[int, NarrowSoundEQnet], noise: float = 0.01, seed: int = 0, dropout: float = 0.1
) -> SoundEQnet:
    """A full SoundEQnet whose branches come from narrow ones, by kernel; a wider kernel takes the widest that fits.

    The rest (graph, heads, batch norm of the input) comes from the narrowest and has to be trained on.
    """
    narrowest = parts[min(parts)]
    full = SoundEQnet(dropout)
    full.load_state_dict(
        {k: v for k, v in narrowest.state_dict().items() if not k.startswith("branches.")}, strict=False
    )
    generator = torch.Generator().manual_seed(seed)
    for kind, kernel in BRANCHES:
        source = max(one for one in parts if one <= kernel)
        wide, narrow = full.branches[f"{kind}_k{kernel}"], parts[source].branches[f"{kind}_k{source}"]
        state = wide.state_dict()
        for key, value in narrow.state_dict().items():
            if value.dim() == 4:
                value = fill(value, state[key].shape, _steps(kind, source), noise if kernel > 3 else 0.0, generator)
            state[key] = value.clone()
        wide.load_state_dict(state)
    return full
