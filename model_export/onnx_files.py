"""Graphs of a network, written to files without traces of the machine they were made on."""

import contextlib
import io
import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from model_export.builder import OPSET
from model_export.head import head_graph
from model_export.trunk import trunk_graph
from monitor.model.scores import OUTPUTS
from monitor.model.whole import FRAMES
from training.networks import Outputs
from training.networks.soundeqnet import SoundEQnet


def write_incremental(network: SoundEQnet, folder: Path) -> None:
    """Write trunk.onnx (one hop of the convolutions) and head.onnx (pooled windows to scores)."""
    (folder / "trunk.onnx").write_bytes(trunk_graph(network).SerializeToString())
    (folder / "head.onnx").write_bytes(head_graph(network).SerializeToString())


class _Window(nn.Module):
    """A sibling on whole windows of log-mel, (w, 3001, 64)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, log_mel: Tensor) -> Outputs:
        return self.network(log_mel, None)  # type: ignore[no-any-return]


def write_window(network: nn.Module, folder: Path) -> None:
    """Write window.onnx: a sibling on any number of whole windows, as torch exports it."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            _Window(network).eval(),
            (torch.zeros(2, FRAMES, 64),),
            input_names=["log_mel"],
            output_names=list(OUTPUTS),
            dynamic_shapes=({0: torch.export.Dim("w", min=1, max=64)},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = _anonymous(program.model_proto)
    onnx.checker.check_model(model, full_check=True)
    (folder / "window.onnx").write_bytes(model.SerializeToString())


def _anonymous(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop stack traces, source paths and the names of tools."""
    model.producer_name, model.producer_version, model.doc_string = "soundscape-monitor", "", ""
    graph = model.graph
    graph.doc_string = ""
    for item in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        item.doc_string = ""
        del item.metadata_props[:]
    del graph.value_info[:]
    return model
