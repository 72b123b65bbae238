"""The large siblings of the paper: CNN_Transformer and PANNs; they hear log-mel only."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from training.networks.cnn import CNNTrunk
from training.networks.outputs import LinearHeads, Outputs

D_MODEL, HEADS, D_HEAD = 512, 8, 64
CHANNELS, FRAMES = 128, 23
"""What the convolutional trunk makes of 3,001 frames."""


class SelfAttention(nn.Module):
    """Multi-head attention with residual and layer norm (Vaswani et al. 2017), no feed-forward part."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(D_MODEL, HEADS * D_HEAD)
        self.key = nn.Linear(D_MODEL, HEADS * D_HEAD)
        self.value = nn.Linear(D_MODEL, HEADS * D_HEAD)
        self.norm = nn.LayerNorm(D_MODEL)
        self.out = nn.Linear(HEADS * D_HEAD, D_MODEL)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, n, 512) to (B, n, 512)."""
        query, key, value = (
            layer(x).unflatten(-1, (HEADS, D_HEAD)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        heard = functional.scaled_dot_product_attention(query, key, value)  # (B, heads, n, d)
        return self.norm(self.out(heard.transpose(1, 2).flatten(2)) + x)  # type: ignore[no-any-return]


class CNNTransformer(nn.Module):
    """CNN_Transformer: attention among the 128 channels of the trunk, for windows of 3,001 frames; 12,293,996.

    `unused` belongs to the published parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = CNNTrunk()
        self.projection = nn.Linear(FRAMES, D_MODEL)
        self.attention = SelfAttention()
        self.unused = nn.Linear(D_MODEL * CHANNELS, CHANNELS)
        self.heads = LinearHeads(D_MODEL * CHANNELS)

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, 3001, 64) to Outputs."""
        return self.heads(self.attention(self.projection(self.trunk(log_mel))).flatten(1))  # type: ignore[no-any-return]


class DoubleConvolution(nn.Module):
    """Two 3x3 convolutions with batch norm and ReLU, then an average over `pool` x `pool`."""

    def __init__(self, channels_in: int, channels: int, pool: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.pool = nn.AvgPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels_in, T, F) to (B, channels, T / pool, F / pool)."""
        x = functional.relu(self.bn1(self.conv1(x)))
        return self.pool(functional.relu(self.bn2(self.conv2(x))))  # type: ignore[no-any-return]


class PANNs(nn.Module):
    """Cnn14 of PANNs (Kong et al. 2020); 79,731,036 parameters."""

    WIDTHS = (1, 64, 128, 256, 512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        last = len(self.WIDTHS) - 1
        self.blocks = nn.ModuleDict(
            {
                str(i): DoubleConvolution(channels_in, channels, pool=1 if i == last else 2)
                for i, (channels_in, channels) in enumerate(pairwise(self.WIDTHS), start=1)
            }
        )
        self.dropout = nn.Dropout(0.2)
        self.fc1 = nn.Linear(self.WIDTHS[-1], self.WIDTHS[-1])
        self.heads = LinearHeads(self.WIDTHS[-1])

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, T, 64) to Outputs."""
        x = log_mel.unsqueeze(1)
        for block in self.blocks.values():
            x = self.dropout(block(x))
        x = x.mean(dim=3)  # (B, 2048, T / 32)
        return self.heads(functional.relu(self.fc1(x.amax(dim=2) + x.mean(dim=2))))  # type: ignore[no-any-return]
