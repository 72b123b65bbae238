"""The paper's recipe: one readable loop over ARAUS features, for any of the eight networks, on a CPU or a GPU."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.araus import Labels
from training.cache import FeatureCache
from training.curves import append_row, plot
from training.losses import Batch, PlainSum, UncertaintyWeights, affect_of, task_losses
from training.metrics import class_auc, macro_accuracy
from training.networks import Checkpoint, Outputs, build
from training.normalization import Normalization


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The published settings."""

    network: str = "SoundEQnet"
    epochs: int = 100
    batch: int = 32
    learning_rate: float = 5e-4
    patience: int = 10
    """Epochs without a better validation error of ISO pleasantness after which training ends."""
    seed: int = 0
    device: str = "auto"
    amp: bool = False
    """Mixed precision (float16 on CUDA, bfloat16 on the CPU)."""


class Split:
    """Features and labels of one split, read batch by batch from the cache."""

    def __init__(self, cache: FeatureCache, labels: Labels, normalization: Normalization) -> None:
        if len(cache.done) != len(labels):
            raise ValueError(f"{len(labels)} label rows, but {len(cache.done)} clips in the cache.")
        self.cache, self.normalization = cache, normalization
        self.rows = np.flatnonzero(cache.done)
        self.targets = {name: value.astype(np.float32) for name, value in labels.targets().items()}

    def __len__(self) -> int:
        return len(self.rows)

    def truth(self) -> dict[str, Any]:
        """Targets of the clips there are, float64."""
        return {name: value[self.rows].astype(np.float64) for name, value in self.targets.items()}

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """All clips once, in label order or shuffled; shuffled batches of one clip are left out (batch norm)."""
        order = self.rows if rng is None else rng.permutation(self.rows)
        for at in range(0, len(order), size):
            rows = np.sort(order[at : at + size])
            if rng is not None and len(rows) < 2:
                return
            mel, loudness = self.normalization.apply(self.cache.mel[rows], self.cache.loudness[rows])
            t = self.targets
            arrays = (mel, loudness, t["scene"][rows], t["event"][rows], t["affect"][rows])
            tensors = [torch.from_numpy(array) for array in (*arrays, np.ones(len(rows), dtype=np.float32))]
            yield Batch(*tensors)


def choose_device(name: str) -> torch.device:
    """The device asked for; `auto` takes CUDA where there is one."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


@torch.inference_mode()
def predict(network: nn.Module, split: Split, device: torch.device, size: int = 16) -> Outputs:
    """Outputs for all clips of a split, in label order, on the CPU."""
    network.eval()
    parts = [[x.float().cpu() for x in network(b.mel.to(device), b.loudness.to(device))] for b in split.batches(size)]
    return Outputs(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def validate(network: nn.Module, split: Split, device: torch.device) -> dict[str, float]:
    """The figures watched while training."""
    outputs, truth = predict(network, split, device), split.truth()
    error = (affect_of(outputs).double().numpy() - truth["affect"]) ** 2
    said, label = outputs.scene.argmax(dim=1).numpy(), truth["scene"].argmax(axis=1)
    areas = class_auc(truth["event"], outputs.event.double().numpy())
    return {
        "scene_macro": macro_accuracy(label, said),
        "event_auc": float(np.nanmean(areas)) if np.isfinite(areas).any() else 0.5,
        "paq_mse": float(error[:, 2:].mean()),
        "isop_mse": float(error[:, 0].mean()),
        "isoe_mse": float(error[:, 1].mean()),
    }


class Run:
    """Everything that a checkpoint has to restore."""

    def __init__(self, settings: TrainSettings, normalization: Normalization, folder: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.normalization, self.folder = settings, normalization, folder
        self.device = choose_device(settings.device)
        self.network = build(settings.network).to(self.device)
        self.weighting: nn.Module = UncertaintyWeights() if settings.network == "SoundEQnet" else PlainSum()
        self.weighting.to(self.device)
        parameters = [*self.network.parameters(), *self.weighting.parameters()]
        self.optimiser = torch.optim.Adam(parameters, settings.learning_rate)
        self.epoch, self.best, self.best_epoch = 0, float("inf"), 0

    def save(self, name: str) -> None:
        """Write `folder`/`name` with weights, optimiser, settings and state."""
        more = {
            "weighting": self.weighting.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "config": asdict(self.settings),
            "epoch": self.epoch,
            "best": self.best,
            "best_epoch": self.best_epoch,
        }
        weights = {key: value.cpu() for key, value in self.network.state_dict().items()}
        Checkpoint(self.settings.network, weights, self.normalization.as_dict(), more).save(self.folder / name)

    def resume(self) -> bool:
        """Take up `folder`/last.pt if it is there."""
        path = self.folder / "last.pt"
        if not path.is_file():
            return False
        saved = Checkpoint.load(path)
        if saved.network != self.settings.network:
            raise ValueError(f"{path} holds a {saved.network}, not a {self.settings.network}: choose another folder.")
        self.network.load_state_dict(saved.weights)
        self.weighting.load_state_dict(saved.more["weighting"])
        self.optimiser.load_state_dict(saved.more["optimiser"])
        self.epoch, self.best, self.best_epoch = (saved.more[key] for key in ("epoch", "best", "best_epoch"))
        return True


def train(
    run: Run,
    training: Split,
    validation: Split,
    batch_done: Callable[[int, float], None] = lambda epoch, loss: None,
    epoch_done: Callable[[int, dict[str, float]], None] = lambda epoch, row: None,
) -> Path:
    """Train until the epochs or the patience end; returns the best checkpoint. Resumes a run in the same folder.

    Raises ValueError if no epoch had a validation error of ISO pleasantness that is a number.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    run.resume()
    settings, device = run.settings, run.device
    half = torch.float16 if device.type == "cuda" else torch.bfloat16
    scaler = torch.amp.GradScaler(device.type, enabled=settings.amp and device.type == "cuda")
    while run.epoch < settings.epochs and run.epoch - run.best_epoch < settings.patience:
        begun, losses = time.monotonic(), []
        rng = np.random.default_rng([settings.seed, run.epoch])
        run.network.train()
        for batch in training.batches(settings.batch, rng):
            moved = batch.to(device)
            with torch.autocast(device.type, half, enabled=settings.amp):
                outputs = run.network(moved.mel, moved.loudness)
            each = task_losses(Outputs(*(x.float() for x in outputs)), moved)
            loss: Tensor = run.weighting(each)
            run.optimiser.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            scaler.step(run.optimiser)
            scaler.update()
            losses.append(loss.item())
            batch_done(run.epoch, losses[-1])
        figures = validate(run.network, validation, device)
        run.epoch += 1
        improved = figures["isop_mse"] < run.best
        if improved:
            run.best, run.best_epoch = figures["isop_mse"], run.epoch
            run.save("best.pt")
        row = {"epoch": run.epoch, "loss": float(np.mean(losses)), **figures, "seconds": time.monotonic() - begun}
        append_row(run.folder / "curves.csv", row)
        plot(run.folder / "curves.csv", run.folder / "curves.png")
        run.save("last.pt")
        epoch_done(run.epoch, row)
    if run.best == float("inf"):
        raise ValueError(
            f"{run.folder}: no epoch of {run.epoch} had a finite validation error; nothing was kept as best."
        )
    return run.folder / "best.pt"
