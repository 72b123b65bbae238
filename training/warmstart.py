"""Training SoundEQnet cheaply at first: its k = 3 branches alone, then inflated into the wider kernels."""

import torch
from torch import Tensor, nn

from training.networks.soundeqnet import KERNELS, SoundEQnet


class NarrowSoundEQnet(SoundEQnet):
    """SoundEQnet with one mel and one loudness branch of a kernel width, each standing in for all four of its kind."""

    def __init__(self, dropout: float = 0.0, kernel: int = 3) -> None:
        super().__init__(dropout)
        self.kernel = kernel
        for name in list(self.branches):
            if not name.endswith(f"k{kernel}"):
                del self.branches[name]

    def embed(self, log_mel: Tensor, loudness: Tensor) -> Tensor:
        """Map a window to node embeddings (B, 8, 64), four equal ones of each kind."""
        x = self.inputs(log_mel, loudness)
        mel = self.branches[f"mel_k{self.kernel}"](x["mel"])
        loud = self.branches[f"loudness_k{self.kernel}"](x["loudness"])
        return torch.stack([mel] * len(KERNELS) + [loud] * len(KERNELS), dim=1)


def widen(kernel: Tensor, shape: torch.Size, noise: float, generator: torch.Generator | None = None) -> Tensor:
    """Put a convolution kernel (out, in, h, w) into the middle of a larger one; noise relative to its own RMS."""
    wide = torch.randn(shape, generator=generator) * (noise * kernel.pow(2).mean().sqrt())
    top, left = (shape[2] - kernel.shape[2]) // 2, (shape[3] - kernel.shape[3]) // 2
    wide[:, :, top : top + kernel.shape[2], left : left + kernel.shape[3]] += kernel
    return wide


@torch.no_grad()
def inflate_branch(narrow: nn.Module, wide: nn.Module, noise: float, generator: torch.Generator | None = None) -> None:
    """Copy a trained branch into one with a kernel as wide or wider."""
    target = wide.state_dict()
    for key, value in narrow.state_dict().items():
        grown = value.dim() == 4 and value.shape != target[key].shape
        target[key] = widen(value, target[key].shape, noise, generator) if grown else value.clone()
    wide.load_state_dict(target)


@torch.no_grad()
def inflate(narrow: NarrowSoundEQnet, noise: float = 0.01, seed: int = 0, dropout: float = 0.1) -> SoundEQnet:
    """A full SoundEQnet that gives (but for the noise and edges) what the narrow one gives."""
    full = SoundEQnet(dropout)
    shared = {key: value for key, value in narrow.state_dict().items() if not key.startswith("branches.")}
    full.load_state_dict(shared, strict=False)
    generator = torch.Generator().manual_seed(seed)
    for name, branch in full.branches.items():
        kind, width = name.split("_k")
        source = narrow.branches[f"{kind}_k{narrow.kernel}"]
        if int(width) >= narrow.kernel:
            inflate_branch(source, branch, 0.0 if int(width) == narrow.kernel else noise, generator)
    return full
