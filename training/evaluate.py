"""The paper's table for any set of models, beside the published figures and the trivial baselines."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.table import Table

from monitor.types import FloatArray
from training.araus import Labels
from training.cache import FeatureCache
from training.losses import clamped_affect
from training.metrics import Figure, paper_figures
from training.networks import Checkpoint, Outputs, load_published, read_state, recognise
from training.normalization import Normalization
from training.train import Split, choose_device, predict

PUBLISHED = {
    "AD_CNN": (0.8930, 0.84, 1.137),
    "Baseline_CNN": (0.8837, 0.92, 1.250),
    "Hierarchical_CNN": (0.9068, 0.88, 1.240),
    "MobileNetV2": (0.8879, 0.92, 1.139),
    "YAMNet": (0.8917, 0.91, 1.197),
    "CNN_Transformer": (0.9310, 0.93, 1.318),
    "PANNs": (0.9328, 0.89, 1.139),
    "SoundEQnet": (0.9609, 0.94, 1.027),
}
"""Published test results: scene macro accuracy, event AUC per clip, PAQ mean squared error."""
COLUMNS = ("scene_macro_accuracy", "event_auc_per_clip", "paq_mse", "event_auc_per_class", "event_map", "isop_mse",
           "isoe_mse")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says of n clips."""

    name: str
    scene: FloatArray
    """Shape (n, 3), logits or probabilities."""
    event: FloatArray
    """Shape (n, 15), likewise."""
    affect: FloatArray
    """Shape (n, 10)."""

    @classmethod
    def of(cls, name: str, outputs: Outputs) -> "Predictions":
        """From a network's outputs; affect clamped to its scales."""
        return cls(name, *(x.double().numpy() for x in (outputs.scene, outputs.event, clamped_affect(outputs))))


def constant(training: Labels, count: int) -> Predictions:
    """The trivial baseline: the most frequent scene, the share of each event, the mean of each quality."""
    truth = training.targets()
    rows = {name: np.tile(value.mean(axis=0), (count, 1)) for name, value in truth.items()}
    return Predictions("constant (training means)", rows["scene"], rows["event"], rows["affect"])


def load_model(path: Path, published_scaling: Path | None) -> tuple[str, torch.nn.Module, Normalization]:
    """A checkpoint of this project, or weights of the authors (.npz, .pth), which need the published scaling."""
    try:
        saved = Checkpoint.load(path)
        scaling = Normalization.from_dict(saved.normalisation)
        return saved.network, saved.module(), scaling
    except ValueError:
        if published_scaling is None:
            raise
    state = read_state(path)
    name = recognise(state)
    return name, load_published(state, name), Normalization.read(published_scaling)


def predictions(path: Path, cache: FeatureCache, labels: Labels, device: str, scaling: Path | None) -> Predictions:
    """Run a model over a split."""
    name, network, normalization = load_model(path, scaling)
    chosen = choose_device(device)
    return Predictions.of(f"{name} ({path})", predict(network.to(chosen), Split(cache, labels, normalization), chosen))


def table(rows: dict[str, dict[str, Figure]]) -> Table:
    """Rich table of figures with 95 % bootstrap intervals, the paper's below."""
    out = Table(title="Test results (95 % bootstrap intervals); last rows: as published", title_justify="left")
    out.add_column("model")
    for column in COLUMNS:
        out.add_column(column.replace("_", " "), justify="right")
    for name, figures in rows.items():
        out.add_row(name, *(str(figures[column]) for column in COLUMNS))
    out.add_section()
    for name, values in PUBLISHED.items():
        out.add_row(f"{name} (paper)", *(f"{value:.3f}" for value in values), *[""] * (len(COLUMNS) - 3))
    out.add_row("gradient boosting on labels (paper)", "", "", "1.151", "", "", "", "")
    return out


def assess(
    all_predictions: list[Predictions], truth: dict[str, FloatArray], rounds: int = 200
) -> dict[str, dict[str, Figure]]:
    """Figures of every model on the same clips."""
    return {p.name: paper_figures(p.scene, p.event, p.affect, truth, rounds) for p in all_predictions}
