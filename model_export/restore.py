"""A bundle read back as a network that can be trained on: the inverse of `model_export.trunk` and `model_export.head`.

Batch norm was folded into the convolutions; here each comes back as a convolution followed by a batch norm that only
shifts. Whoever trains on measures its statistics first (`training.warmstart.settle`).
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from model_export.bundles import ExportError
from model_export.trunk import PAIRED
from monitor.model.bundle import Bundle
from training.networks.outputs import HEADS
from training.networks.soundeqnet import Branch, Head, SoundEQnet

Weights = dict[str, NDArray[np.float32]]


def _read(path: Path) -> Weights:
    return {item.name: numpy_helper.to_array(item) for item in onnx.load(path).graph.initializer}


def _tensor(values: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))


def _shift(bn: nn.BatchNorm1d | nn.BatchNorm2d, scale: NDArray[np.float32], offset: NDArray[np.float32]) -> None:
    """Make a batch norm that multiplies and adds in eval mode."""
    assert bn.running_mean is not None and bn.running_var is not None
    bn.running_mean.zero_()
    bn.running_var.fill_(1 - bn.eps)
    bn.weight.copy_(_tensor(scale))
    bn.bias.copy_(_tensor(offset))


def _linear(layer: nn.Module | None, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    assert isinstance(layer, nn.Linear)
    layer.weight.copy_(_tensor(weight.T))
    layer.bias.copy_(_tensor(bias))


@torch.no_grad()
def restore(bundle: Bundle) -> SoundEQnet:
    """The network of a float32 bundle of SoundEQnet, equal to its graphs in eval mode; ExportError for others."""
    kind = (bundle.manifest.engine, bundle.manifest.precision)
    if kind != ("incremental", "float32"):
        raise ExportError(f"{bundle.folder}: only bundles of SoundEQnet in float32 can be read back.")
    trunk, head = _read(bundle.folder / "trunk.onnx"), _read(bundle.folder / "head.onnx")
    network = SoundEQnet()
    _shift(network.bn0, trunk["bn0.0"].ravel(), trunk["bn0.1"].ravel())
    for name, branch in network.branches.items():
        assert isinstance(branch, Branch)
        for i, block in enumerate(branch.blocks, start=1):
            for conv, bn in (("conv1", "bn1"), ("conv2", "bn2")):
                layer: nn.Conv2d = getattr(block, conv)
                weight, offset = (trunk[f"{name}.block{i}.{conv}.{part}"] for part in ("weight", "bias"))
                if len(weight) > layer.out_channels:  # two rows at once, halved
                    weight, offset = 2 * weight[:PAIRED, :, :-1], 2 * offset[:PAIRED]
                layer.weight.copy_(_tensor(weight.transpose(0, 1, 3, 2)))
                _shift(getattr(block, bn), np.ones(len(offset), np.float32), offset)
    _restore_head(network, head)
    return network.eval()


def _restore_head(network: SoundEQnet, head: Weights) -> None:
    joined = [branch for branch in network.branches.values() if isinstance(branch, Branch) and branch.freq_to_1]
    for i, branch in enumerate(joined):
        _linear(branch.freq_to_1, head["freq_to_1.weight"][i], head["freq_to_1.bias"][i, 0])
    graph = network.graph
    for name in ("embedding_h", "A", "B", "D", "E"):
        _linear(getattr(graph, name), head[f"{name}.weight"], head[f"{name}.bias"])
    constant = graph.C.weight @ (graph.embedding_e.weight.sum(dim=1) + graph.embedding_e.bias)
    graph.C.bias.copy_(-constant)  # the constant edge went into the bias of E
    _shift(graph.bn_node_h, head["bn_node_h.0"], head["bn_node_h.1"])
    for i, layer in enumerate(network.residual.values()):
        _linear(layer, head["residual.weight"][i], head["residual.bias"][i, 0])
    _linear(network.common, head["common.weight"], head["common.bias"])
    start = 0
    for name, spec in HEADS.items():
        one = network.heads[name]
        assert isinstance(one, Head)
        end = start + spec.hidden
        _linear(one.embedding, head["embedding.weight"][:, start:end], head["embedding.bias"][start:end])
        _linear(one.final, head[f"{name}.weight"], head[f"{name}.bias"])
        start = end
