"""The trunk of SoundEQnet as an ONNX graph that advances hop by hop: docs/model.md draws the scheme.

The arithmetic is that of `training.networks.SoundEQnet` in eval mode with three changes that keep its results: batch
norm is folded into the convolutions; time is the last axis, where ONNX Runtime's convolutions are fastest; and the
second convolution of block 1, whose 16 channels leave half of a processor's vector registers idle, computes two
neighbouring frequency rows at once as 32 channels.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import Tensor, nn

from model_export.builder import END, GraphBuilder
from monitor.model.collector import LOUDNESS_PER_UNIT, MEL_PER_UNIT
from monitor.model.incremental import CONTEXT, SNIPPET
from training.networks.soundeqnet import BRANCHES, NODE, Block, Branch, SoundEQnet

LAG = {("mel", 3): 6, ("mel", 7): 4, ("loudness", 3): 4, ("loudness", 7): 4}
"""Newest frames that a branch leaves for the next hop, so that pairs are pooled as in the full window."""
ROWS = {"mel": (64, 32, 14), "loudness": (1, 1, 1)}
"""Frequency rows that go into each block."""
PAIRED = 16
"""Channels of the convolutions that compute two rows at once."""

Array = NDArray[np.float64]


def array(tensor: Tensor | float | None) -> Array:
    """A parameter or buffer in float64."""
    assert isinstance(tensor, Tensor)
    return tensor.detach().cpu().numpy().astype(np.float64)


def batch_norm(bn: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Array, Array]:
    """Scale and offset, (C,) each, of a batch norm in eval mode."""
    scale = array(bn.weight) / np.sqrt(array(bn.running_var) + bn.eps)
    return scale, array(bn.bias) - array(bn.running_mean) * scale


def _convolution(
    g: GraphBuilder, x: str, name: str, conv: nn.Conv2d, bn: nn.BatchNorm2d, pad_time: int, paired: bool
) -> str:
    """Convolution, batch norm, ReLU: (B, C, F, T) in and out; paired: (B, 2 C, F / 2, T), values halved."""
    scale, offset = batch_norm(bn)
    weight = (array(conv.weight) * scale[:, None, None, None]).transpose(0, 1, 3, 2)  # (out, in, k_frequency, k_time)
    rows = 1
    if paired:
        even = np.pad(weight, ((0, 0), (0, 0), (0, 1), (0, 0)))
        odd = np.pad(weight, ((0, 0), (0, 0), (1, 0), (0, 0)))
        weight, offset, rows = np.concatenate((even, odd)) / 2, np.concatenate((offset, offset)) / 2, 2
    pad = int(conv.padding[1])
    x = g.node(
        "Conv",
        x,
        g.constant(f"{name}.weight", weight),
        g.constant(f"{name}.bias", offset),
        kernel_shape=weight.shape[2:],
        pads=(pad, pad_time, pad, pad_time),
        strides=(rows, 1),
        dilations=(1, int(conv.dilation[0])),
    )
    return g.node("Relu", x)


def _block(g: GraphBuilder, x: str, name: str, block: Block, mel: bool, pad_time: int = 0) -> str:
    """Two convolutions and the average over pairs, in time and for mel in frequency."""
    paired = mel and block.conv2.out_channels == PAIRED
    x = _convolution(g, x, f"{name}.conv1", block.conv1, block.bn1, pad_time, paired=False)
    x = _convolution(g, x, f"{name}.conv2", block.conv2, block.bn2, pad_time, paired)
    pool = (2 if mel and not paired else 1, 2)
    x = g.node("AveragePool", x, kernel_shape=pool, strides=pool)
    return g.node("Add", *g.split(x, (PAIRED, PAIRED), axis=1)) if paired else x


def _blocks(branch: Branch) -> list[Block]:
    return [block for block in branch.blocks if isinstance(block, Block)]


def _look_back(block: Block) -> int:
    """Values before the new ones that a block wants."""
    return 2 * (block.conv1.kernel_size[0] - 1) * block.conv1.dilation[0]


def _time_major(g: GraphBuilder, x: str, name: str | None = None) -> str:
    """(B, 64, F, t) to (B, t, 64 F)."""
    return g.reshape(g.node("Transpose", x, perm=(0, 3, 1, 2)), 0, 0, -1, name=name)


def trunk_graph(network: SoundEQnet) -> onnx.ModelProto:
    """Eight branches advanced by n units of 80 ms.

    Inputs: `mel` (1, 1, 64, 16 + 8 n) and `loudness` (1, 1, 1, 16 + 40 n), normalised, newest last, with the 16 values
    before the hop; `snippets` (s, 1, 64, 81), mel at window edges; `state` (N,), zeros at the start of a stream.
    Outputs: `mel_embeddings` (4, n, 320), `loudness_embeddings` (4, 5 n, 64), `edges` (s, 2, 320), `next_state` (N,).
    """
    g = GraphBuilder()
    branches = [branch for branch in network.branches.values() if isinstance(branch, Branch)]
    scale, offset = (g.constant(f"bn0.{i}", x[:, None]) for i, x in enumerate(batch_norm(network.bn0)))
    frames = {"mel": g.affine("mel", scale, offset), "loudness": "loudness"}

    shapes = [
        (1, block.conv1.in_channels, rows, _look_back(block))
        for (kind, _), branch in zip(BRANCHES, branches, strict=True)
        for block, rows in zip(_blocks(branch)[1:], ROWS[kind][1:], strict=True)
    ]
    sizes = [int(np.prod(shape)) for shape in shapes]
    pieces = zip(g.split("state", sizes, axis=0), shapes, strict=True)

    embeddings: dict[str, list[str]] = {"mel": [], "loudness": []}
    kept: list[str] = []
    for (kind, kernel), branch in zip(BRANCHES, branches, strict=True):
        mel, lag = kind == "mel", LAG.get((kind, kernel), 0)
        first, *later = _blocks(branch)
        x = g.slice(frames[kind], CONTEXT - _look_back(first) - lag, -lag or END, axis=3)
        x = _block(g, x, f"{kind}_k{kernel}.block1", first, mel)
        for i, block in enumerate(later, start=2):
            piece, shape = next(pieces)
            x = g.node("Concat", g.reshape(piece, *shape), x, axis=3)
            kept.append(g.reshape(g.slice(x, -shape[-1], END, axis=3), -1))
            x = _block(g, x, f"{kind}_k{kernel}.block{i}", block, mel)
        embeddings[kind].append(_time_major(g, x))

    edges = g.affine("snippets", scale, offset)
    for i, block in enumerate(_blocks(branches[0]), start=1):
        edges = _block(g, edges, f"mel_k3.block{i}", block, mel=True, pad_time=int(i == 1))
    _time_major(g, edges, name="edges")
    for kind, parts in embeddings.items():
        g.node("Concat", *parts, axis=0, name=f"{kind}_embeddings")
    g.node("Concat", *kept, axis=0, name="next_state")
    return g.model(
        {
            "mel": (1, 1, 64, f"{CONTEXT}+{MEL_PER_UNIT}n"),
            "loudness": (1, 1, 1, f"{CONTEXT}+{LOUDNESS_PER_UNIT}n"),
            "snippets": ("s", 1, 64, SNIPPET),
            "state": (sum(sizes),),
        },
        {
            "mel_embeddings": (4, "n", 5 * NODE),
            "loudness_embeddings": (4, "5n", NODE),
            "edges": ("s", 2, 5 * NODE),
            "next_state": (sum(sizes),),
        },
    )
