"""The head of SoundEQnet as an ONNX graph: pooled windows in, scores out.

The arithmetic is that of `training.networks.SoundEQnet` in eval mode; layers that hear the same input are one product.
"""

import numpy as np
import onnx
from torch import nn

from model_export.builder import GraphBuilder
from model_export.trunk import Array, array, batch_norm
from monitor.types import PAQ
from training.networks.outputs import HEADS
from training.networks.soundeqnet import BRANCHES, COMMON, FREQUENCIES_LEFT, KERNELS, NODE, Branch, Head, SoundEQnet


def _layer(layer: nn.Module | None) -> tuple[Array, Array]:
    """Weight (in, out) and bias (out,) of a linear layer."""
    assert isinstance(layer, nn.Linear)
    return array(layer.weight).T, array(layer.bias)


def head_graph(network: SoundEQnet) -> onnx.ModelProto:
    """Scores of w windows.

    Inputs: `mel` (w, 4, 320) and `loudness` (w, 4, 64), max + mean of the branch embeddings over each window.
    Outputs: `scene` (w, 3) and `event` (w, 15), logits; `isop` (w,), `isoe` (w,), `paq` (w, 8).
    """
    g = GraphBuilder()
    common = _common(g, network, _graph(g, network, _nodes(g, network)))
    heads = {name: head for name, head in network.heads.items() if isinstance(head, Head)}
    first = [_layer(head.embedding) for head in heads.values()]
    hidden = g.gelu(
        g.linear(common, "embedding", np.hstack([w for w, _ in first]), np.concatenate([b for _, b in first]))
    )
    parts = dict(zip(heads, g.split(hidden, [HEADS[name].hidden for name in heads], axis=1), strict=True))
    for name in ("scene", "event", "isop", "isoe"):
        out = g.linear(parts[name], name, *_layer(heads[name].final))
        if HEADS[name].size > 1:
            g.node("Identity", out, name=name)
        else:
            g.reshape(out, -1, name=name)
    paq = [g.linear(parts[quality], quality, *_layer(heads[quality].final)) for quality in PAQ]
    g.node("Concat", *paq, axis=1, name="paq")
    return g.model(
        {"mel": ("w", len(KERNELS), FREQUENCIES_LEFT * NODE), "loudness": ("w", len(KERNELS), NODE)},
        {"scene": ("w", 3), "event": ("w", 15), "isop": ("w",), "isoe": ("w",), "paq": ("w", len(PAQ))},
    )


def _nodes(g: GraphBuilder, network: SoundEQnet) -> str:
    """Node embeddings (w, 8, 64): frequency rows joined for mel, loudness as it is."""
    branches = [branch for branch in network.branches.values() if isinstance(branch, Branch)]
    joins = [_layer(branch.freq_to_1) for branch in branches if branch.freq_to_1 is not None]
    weight = np.stack([w for w, _ in joins])  # (4, 5, 1)
    rows = g.reshape("mel", 0, len(KERNELS), NODE, FREQUENCIES_LEFT)
    joined = g.linear(rows, "freq_to_1", weight, np.stack([b for _, b in joins])[:, None])  # (w, 4, 64, 1)
    return g.node("Concat", g.reshape(g.node("Relu", joined), 0, len(KERNELS), NODE), "loudness", axis=1)


def _graph(g: GraphBuilder, network: SoundEQnet, nodes: str) -> str:
    """Nodes and what the gated graph makes of them, (w, 8, 128)."""
    graph = network.graph
    h = g.linear(nodes, "embedding_h", *_layer(graph.embedding_h))
    weight_c, bias_c = _layer(graph.C)
    edge = (array(graph.embedding_e.weight).sum(axis=1) + array(graph.embedding_e.bias)) @ weight_c + bias_c
    weight_e, bias_e = _layer(graph.E)
    source = g.node("Unsqueeze", g.linear(h, "D", *_layer(graph.D)), g.integers(2))
    destination = g.node("Unsqueeze", g.linear(h, "E", weight_e, bias_e + edge), g.integers(1))
    said = g.node("Unsqueeze", g.linear(h, "B", *_layer(graph.B)), g.integers(2))
    # 1 / (1 + exp(-x)) written out: ONNX Runtime's Sigmoid is only accurate to 2e-7, and the sum divides by it.
    exp = g.node("Exp", g.node("Neg", g.node("Add", source, destination)))
    gate = g.node("Reciprocal", g.node("Add", exp, g.constant("one", np.array(1.0))))
    total = g.node("ReduceSum", gate, g.integers(1), keepdims=0)
    message = g.node("ReduceSum", g.node("Mul", gate, said), g.integers(1), keepdims=0)
    heard = g.node("Div", message, g.node("Add", total, g.constant("epsilon", np.array(1e-6))))
    h = g.node("Add", g.linear(h, "A", *_layer(graph.A)), heard)
    scale, offset = (g.constant(f"bn_node_h.{i}", x) for i, x in enumerate(batch_norm(graph.bn_node_h)))
    return g.node("Concat", nodes, g.node("Relu", g.affine(h, scale, offset)), axis=2)


def _common(g: GraphBuilder, network: SoundEQnet, pairs: str) -> str:
    """The common embedding (w, 512)."""
    layers = [_layer(layer) for layer in network.residual.values()]
    pairs = g.node("Unsqueeze", pairs, g.integers(2))  # (w, 8, 1, 128)
    mixed = g.linear(pairs, "residual", np.stack([w for w, _ in layers]), np.stack([b for _, b in layers])[:, None])
    mixed = g.reshape(g.gelu(mixed), 0, len(BRANCHES) * NODE)
    assert network.common.out_features == COMMON
    return g.gelu(g.linear(mixed, "common", *_layer(network.common)))
