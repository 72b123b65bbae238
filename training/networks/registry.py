"""The networks of the paper by name."""

from collections.abc import Callable

from torch import nn

from training.networks.cnn import ADCNN, BaselineCNN, HierarchicalCNN
from training.networks.large import CNNTransformer, PANNs
from training.networks.mobile import MobileNetV2, YAMNet
from training.networks.soundeqnet import SoundEQnet

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "SoundEQnet": SoundEQnet,
    "AD_CNN": ADCNN,
    "Baseline_CNN": BaselineCNN,
    "Hierarchical_CNN": HierarchicalCNN,
    "MobileNetV2": MobileNetV2,
    "YAMNet": YAMNet,
    "CNN_Transformer": CNNTransformer,
    "PANNs": PANNs,
}
"""All with `forward(log_mel (B, T, 64), loudness (B, L, 1)) -> Outputs`; siblings ignore the loudness."""


def build(name: str) -> nn.Module:
    """A freshly initialised network; raises ValueError for an unknown name."""
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: choose one of {', '.join(NETWORKS)}.")
    return NETWORKS[name]()


def count_parameters(network: nn.Module) -> int:
    """Number of parameters, as published (buffers not counted)."""
    return sum(parameter.numel() for parameter in network.parameters())
