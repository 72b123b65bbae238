"""The light siblings of the paper: MobileNetV2 and YAMNet; they hear log-mel only."""

from torch import Tensor, nn
from torch.nn import functional

from training.networks.outputs import LinearHeads, Outputs


def _convolution(channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Convolution, average-pooling in place of a stride, batch norm."""
    conv = nn.Conv2d(channels_in, channels, kernel, padding=kernel // 2, groups=groups, bias=False)
    pool: list[nn.Module] = [nn.AvgPool2d(stride)] if kernel == 3 else []
    return [conv, *pool, nn.BatchNorm2d(channels)]


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; with a shortcut where shapes allow it."""

    def __init__(self, channels_in: int, channels: int, stride: int, widen: int) -> None:
        super().__init__()
        width = channels_in * widen
        widening = [*_convolution(channels_in, width, 1), nn.ReLU6()] if widen > 1 else []
        self.conv = nn.Sequential(
            *widening,
            *_convolution(width, width, 3, stride, groups=width),
            nn.ReLU6(),
            *_convolution(width, channels, 1),
        )
        self.shortcut = stride == 1 and channels_in == channels

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels_in, T, F) to (B, channels, T / stride, F / stride)."""
        y: Tensor = self.conv(x)
        return x + y if self.shortcut else y


class MobileNetV2(nn.Module):
    """MobileNetV2 (Sandler et al. 2018) with average-pooling for strides; 2,259,164 parameters."""

    BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 2), (6, 160, 3, 1), (6, 320, 1, 1))
    """Widening, channels, repeats, stride of the first."""
    WIDTH = 1280

    def __init__(self) -> None:
        super().__init__()
        channels = 32
        layers: list[nn.Module] = [nn.Sequential(*_convolution(1, channels, 3, 2), nn.ReLU6())]
        for widen, out, repeats, stride in self.BLOCKS:
            for i in range(repeats):
                layers.append(InvertedResidual(channels, out, stride if i == 0 else 1, widen))
                channels = out
        layers.append(nn.Sequential(*_convolution(channels, self.WIDTH, 1), nn.ReLU6()))
        self.features = nn.Sequential(*layers)
        self.heads = LinearHeads(self.WIDTH)

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, T, 64) to Outputs."""
        return self.heads(self.features(log_mel.unsqueeze(1)).mean(dim=(2, 3)))  # type: ignore[no-any-return]


class SameConvolution(nn.Module):
    """Convolution, batch norm and ReLU, padded as TensorFlow pads "SAME": the odd zero at the end."""

    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, kernel, stride, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(channels, eps=1e-4)
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels_in, T, F) to (B, channels, ceil(T / stride), ceil(F / stride))."""
        pads: list[int] = []
        for size in (x.shape[3], x.shape[2]):
            total = max(0, ((size - 1) // self.stride) * self.stride + self.kernel - size)
            pads += [total // 2, total - total // 2]
        return functional.relu(self.bn(self.conv(functional.pad(x, pads))))


class YAMNet(nn.Module):
    """YAMNet (MobileNetV1 on log-mel); 3,235,100 parameters."""

    LAYERS = (
        *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
        *((512, 1),) * 5,
        *((1024, 2), (1024, 1)),
    )
    """Channels and stride of the separable layers."""

    def __init__(self) -> None:
        super().__init__()
        channels = 32
        layers: list[nn.Module] = [SameConvolution(1, channels, 3, 2)]
        for out, stride in self.LAYERS:
            depthwise = SameConvolution(channels, channels, 3, stride, groups=channels)
            layers.append(nn.Sequential(depthwise, SameConvolution(channels, out, 1)))
            channels = out
        self.layers = nn.Sequential(*layers)
        self.heads = LinearHeads(channels)

    def forward(self, log_mel: Tensor, loudness: Tensor | None = None) -> Outputs:
        """Map log-mel (B, T, 64) to Outputs."""
        return self.heads(self.layers(log_mel.unsqueeze(1)).mean(dim=(2, 3)))  # type: ignore[no-any-return]
