"""Distillation on generated soundscapes: the loop that trained the shipped weights, within a budget of time."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.curves import append_row
from training.losses import DistillationLoss, affect_of
from training.metrics import correlation, macro_accuracy
from training.networks import Outputs
from training.networks.soundeqnet import COMMON, SoundEQnet
from training.soundscape_data import SoundscapeData
from training.warmstart import settle

COLUMNS = ("step", "minutes", "clips", "rate", "scene", "event", "affect", "hint", "paq_correlation",
           "iso_correlation", "scene_macro", "event_mae")  # fmt: skip
"""Of curve.csv."""


@dataclass(frozen=True, slots=True)
class DistilSettings:
    """Settings of one stage."""

    minutes: float
    """Budget; the learning rate falls to 2 % along it."""
    batch: int = 16
    learning_rate: float = 1e-3
    warmup: int = 100
    """Steps over which the learning rate rises."""
    frames: int = 1001
    """Log-mel frames of a crop at the end of the stage (10 ms each)."""
    frames_start: int = 481
    """At its start; crops grow at half of the budget."""
    ema: float = 0.998
    """Decay of the averaged weights that are kept."""
    hint: float = 0.5
    """Weight of the teachers' last layers, which a linear layer reads from the common embedding while it trains."""
    warm: bool = False
    """Train on from the weights given: output biases stay, batch norms are settled first."""
    seed: int = 0


class Student(nn.Module):
    """A network, and the layer through which it learns the teachers' last layers; the layer is dropped afterwards."""

    def __init__(self, network: SoundEQnet, hints: int) -> None:
        super().__init__()
        self.network = network
        self.hint = nn.Linear(COMMON, hints)

    def forward(self, log_mel: Tensor, loudness: Tensor) -> tuple[Outputs, Tensor]:
        """Map a batch to what the network says and to hints (B, hints)."""
        common = self.network.embed_common(self.network.embed(log_mel, loudness))
        return self.network.answer(common), self.hint(common)


def start_biases(network: nn.Module, data: SoundscapeData) -> None:
    """Set the output biases to the mean targets, so that training starts from the prior."""
    targets = data.targets
    event, scene = targets.event.mean(axis=0), targets.scene.mean(axis=0)
    affect = targets.affect.mean(axis=0)
    heads: dict[str, nn.Module] = dict(network.heads.items())  # type: ignore[operator,union-attr]
    with torch.no_grad():
        for index, (name, head) in enumerate(heads.items()):
            value = {"scene": np.log(scene), "event": np.log(event / (1 - event))}.get(name, affect[index - 2])
            head.final.bias.copy_(torch.as_tensor(value))  # type: ignore[operator,union-attr]


@torch.inference_mode()
def predict(network: nn.Module, data: SoundscapeData, frames: int, size: int = 16) -> Outputs:
    """Outputs for all clips of a data set, cropped to `frames` from their start."""
    network.eval()
    parts = []
    for at in range(0, len(data), size):
        batch = data.batch(np.arange(at, min(at + size, len(data))), frames, start=0)
        parts.append(network(batch.mel, batch.loudness))
    return Outputs(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def agreement(outputs: Outputs, data: SoundscapeData) -> dict[str, float]:
    """How far the outputs agree with the targets: scene macro accuracy, mean PAQ correlation, event error."""
    targets = data.targets
    alike = correlation(affect_of(outputs).double().numpy(), targets.affect.astype(np.float64))
    return {
        "paq_correlation": float(alike[2:].mean()),
        "iso_correlation": float(alike[:2].mean()),
        "scene_macro": macro_accuracy(targets.scene.argmax(axis=1), outputs.scene.argmax(dim=1).numpy()),
        "event_mae": float(np.abs(outputs.event.sigmoid().numpy() - targets.event).mean()),
    }


def distil(
    network: SoundEQnet,
    data: SoundscapeData,
    validation: SoundscapeData | None,
    settings: DistilSettings,
    folder: Path,
    tick: Callable[[int, float, float], None] = lambda step, progress, loss: None,
) -> SoundEQnet:
    """Train until the budget is spent, checkpointing every few minutes; returns the averaged network.

    Resumes from `folder`/last.pt if it is there, or reads it if the budget is spent. Writes last.pt, curve.csv.

    Raises ValueError if last.pt was begun from other weights or on another scaling.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    student = Student(network, data.hint_mean.size).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    variance = torch.from_numpy(data.targets.affect.var(axis=0))
    criterion = DistillationLoss(variance)
    optimiser = torch.optim.Adam(student.parameters(), settings.learning_rate)
    step, spent = 0, 0.0
    last = folder / "last.pt"
    begun = {"weights": _digest(network), "seed": settings.seed, "normalization": data.normalization.as_dict()}
    if not last.is_file():
        if settings.warm:
            some = data.order[:256]
            settle(network, (data.batch(some[i : i + 16], settings.frames_start) for i in range(0, len(some), 16)))
        else:
            start_biases(network, data)
    average = get_ema_multi_avg_fn(settings.ema)  # type: ignore[no-untyped-call]
    averaged = AveragedModel(student, multi_avg_fn=average, use_buffers=True)
    trained = cast(SoundEQnet, averaged.module.network)
    if last.is_file():
        saved = torch.load(last, weights_only=True)
        if saved.get("begun") != begun:
            raise ValueError(
                f"{last}: begun from other weights, another seed or scaling; remove {folder} to begin anew."
            )
        student.load_state_dict(saved["student"])
        averaged.load_state_dict(saved["averaged"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["spent"]
        if spent >= 60 * settings.minutes:
            return trained

    def save() -> None:
        state = {
            "student": student.state_dict(),
            "averaged": averaged.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
            "spent": spent,
            "settings": asdict(settings),
            "begun": begun,
        }
        torch.save(state, last.with_suffix(".partial"))
        last.with_suffix(".partial").replace(last)

    zero = time.monotonic() - spent
    shown = saved_at = time.monotonic()
    running: list[Tensor] = []
    for rows in data.forever(settings.batch):
        spent = time.monotonic() - zero
        progress = min(1.0, spent / (60 * settings.minutes))
        rate = settings.learning_rate * max(0.02, 0.5 * (1 + math.cos(math.pi * progress)))
        rate *= min(1.0, (step + 1) / settings.warmup)
        for group in optimiser.param_groups:
            group["lr"] = rate
        frames = settings.frames if progress > 0.5 else settings.frames_start
        student.train()
        batch = data.batch(rows, frames)
        outputs, hints = student(batch.mel, batch.loudness)
        missed = (hints - data.hints(rows)).pow(2).mean()
        loss = criterion(outputs, batch) + settings.hint * missed
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 5.0)
        optimiser.step()
        averaged.update_parameters(student)
        running.append(torch.cat([criterion.parts(outputs, batch), missed[None]]).detach())
        step += 1
        now = time.monotonic()
        if now - shown > 60 or progress >= 1:
            means = torch.stack(running).mean(dim=0)
            tick(step, progress, loss.item())
            row = {"step": step, "minutes": round(spent / 60, 2), "clips": len(data), "rate": round(rate, 6)}
            row |= {
                name: round(float(value), 4)
                for name, value in zip(("scene", "event", "affect", "hint"), means, strict=True)
            }
            checked = now - saved_at > 300 or progress >= 1
            if checked:
                save()
                saved_at = time.monotonic()
            if checked and validation is not None:
                figures = agreement(predict(trained, validation, 1001), validation)
                row |= {name: round(value, 4) for name, value in figures.items()}
            append_row(folder / "curve.csv", row, COLUMNS)
            running, shown = [], time.monotonic()
        if progress >= 1:
            break
    save()
    return trained


def _digest(network: nn.Module) -> str:
    """Tells weights apart."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
