"""SoundEQnet and the seven sibling networks of the paper behind one interface."""

from training.networks.checkpoint import Checkpoint
from training.networks.outputs import HEADS, Outputs
from training.networks.published import CheckpointError, load_published, read_state, recognise
from training.networks.registry import NETWORKS, build, count_parameters

__all__ = [
    "HEADS",
    "NETWORKS",
    "Checkpoint",
    "CheckpointError",
    "Outputs",
    "build",
    "count_parameters",
    "load_published",
    "read_state",
    "recognise",
]
