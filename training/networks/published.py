"""Checkpoints of the published networks: their original key names, mapped to the networks of this package."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn

from training.networks.registry import NETWORKS, build

_HEAD_NAMES = {"isop": "ISOPls", "isoe": "ISOEvs"}

Rule = tuple[str, str]
_LINEAR_HEADS: tuple[Rule, ...] = ((r"^heads\.heads\.", "fc_final_"),)
_TRUNK: tuple[Rule, ...] = ((r"^trunk\.", ""),)

RULES: dict[str, tuple[Rule, ...]] = {
    "SoundEQnet": (
        (r"^branches\.mel_k(\d)\.freq_to_1\.", r"k_\1_freq_to_1."),
        (r"^branches\.mel_k(\d)\.blocks\.(\d)\.", r"conv_block\2_kernel_\1."),
        (r"^branches\.loudness_k(\d)\.blocks\.(\d)\.", r"conv_block\2_kernel_\1_loudness."),
        (r"^(conv_block\d)_kernel_3", r"\1"),
        (r"^graph\.(embedding_[he])\.", r"\1."),
        (r"^graph\.", "layers.0."),
        (r"^residual\.(mel|loudness)_k(\d)\.", r"fc_residual_\1_k\2."),
        (r"^common\.", "fc_all_nodes_to_classification_embeddings."),
        (r"^heads\.(\w+)\.embedding\.", r"fc_embedding_\1."),
        (r"^heads\.(\w+)\.final\.", r"fc_final_\1."),
    ),
    "AD_CNN": _LINEAR_HEADS,
    "Baseline_CNN": (*_TRUNK, *_LINEAR_HEADS),
    "Hierarchical_CNN": (
        *_TRUNK,
        (r"^(event|scene|isop|isoe)\.", r"fc_final_\1."),
        (r"^paq\.", "fc_final_"),
        (r"^event_embedding\.", "event_embedding_layer."),
        (r"^paq_embedding\.", "PAQ_embedding_layer."),
    ),
    "MobileNetV2": _LINEAR_HEADS,
    "YAMNet": (
        (r"^layers\.1\.", "layer1.fused."),
        (r"^layers\.(\d+)\.0\.", r"layer\1.depthwise_conv."),
        (r"^layers\.(\d+)\.1\.", r"layer\1.pointwise_conv."),
        *_LINEAR_HEADS,
    ),
    "CNN_Transformer": (
        *_TRUNK,
        (r"^projection\.", "mha.mel_projection."),
        (r"^attention\.", "mha.layers.0.enc_self_attn."),
        (r"\.query\.", ".W_Q."),
        (r"\.key\.", ".W_K."),
        (r"\.value\.", ".W_V."),
        (r"\.norm\.", ".layernorm."),
        (r"\.out\.", ".fc."),
        (r"^unused\.", "mha_d_model_to_one."),
        *_LINEAR_HEADS,
    ),
    "PANNs": ((r"^blocks\.(\d)\.", r"conv_block\1."), *_LINEAR_HEADS),
}
"""How this package's key names become the original ones, rule after rule."""


class CheckpointError(ValueError):
    """A file that is not a checkpoint of the network asked for, said in one sentence."""


def original_key(name: str, key: str) -> str:
    """The original implementation's name for one of our parameters of network `name`."""
    key = re.sub(r"^(branches\.\w+\.blocks\.|layers\.)(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1}", key)
    for pattern, replacement in RULES[name]:
        key = re.sub(pattern, replacement, key)
    return re.sub(r"^(fc_(?:final|embedding)_)(isop|isoe)\.", lambda m: f"{m[1]}{_HEAD_NAMES[m[2]]}.", key)


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint's tensors, from .npz or a PyTorch file (plain, or under `state_dict`), without running code.

    Raises CheckpointError for a file that is neither, or that would need unpickling of arbitrary objects.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file.")
    try:
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                state: Any = {key: torch.from_numpy(np.array(arrays[key])) for key in arrays.files}
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, ValueError, RuntimeError, EOFError, KeyError, BadZipFile) as error:
        raise CheckpointError(f"{path}: not a checkpoint that can be read: {_reason(error)}") from error
    except Exception as error:  # torch raises pickle.UnpicklingError and others for what weights_only refuses
        raise CheckpointError(f"{path}: holds more than weights, which is refused: {type(error).__name__}.") from error
    while isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{path}: no state dict (a mapping of names to tensors), plain or under 'state_dict'.")
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _reason(error: Exception) -> str:
    """The first line of what an error says; its kind where it says nothing."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _listed(keys: set[str]) -> str:
    some = ", ".join(sorted(keys)[:5])
    return f"{some} and {len(keys) - 5} more" if len(keys) > 5 else some


def recognise(state: Mapping[str, Tensor]) -> str:
    """The network whose original key names are most like those of `state` (which may still not fit)."""

    def likeness(name: str) -> float:
        with torch.device("meta"):
            wanted = {original_key(name, key) for key in build(name).state_dict()}
        return len(wanted & state.keys()) / len(wanted | state.keys())

    return max(NETWORKS, key=likeness)


def load_published(source: Path | Mapping[str, Tensor], name: str) -> nn.Module:
    """Build network `name` and fill it from weights under the original key names; returned in eval mode.

    Raises CheckpointError naming missing and unexpected keys, or tensors of a wrong shape.
    """
    network = build(name)
    state = read_state(source) if isinstance(source, Path) else dict(source)
    ours = network.state_dict()
    wanted = {original_key(name, key): key for key in ours}
    missing, unexpected = wanted.keys() - state.keys(), state.keys() - wanted.keys()
    if missing or unexpected:
        faults = [f"missing: {_listed(missing)}"] if missing else []
        faults += [f"unexpected: {_listed(unexpected)}"] if unexpected else []
        raise CheckpointError(f"not the weights of {name}; {'; '.join(faults)}.")
    wrong = {key: state[key].shape for key, own in wanted.items() if state[key].shape != ours[own].shape}
    if wrong:
        key, shape = next(iter(wrong.items()))
        raise CheckpointError(
            f"not the weights of {name}: {len(wrong)} tensors have a wrong shape, the first is {key}: "
            f"{tuple(ours[wanted[key]].shape)} expected, {tuple(shape)} found."
        )
    network.load_state_dict({own: state[key] for key, own in wanted.items()})
    return network.eval()
