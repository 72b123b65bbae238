"""Commands on the ARAUS data set, as in the paper."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from training.araus import SPLITS, ArausError, find_audio, read_labels
from training.commands.console import Device, console, progress_bar
from training.networks import NETWORKS

LabelsFolder = Annotated[Path, typer.Option("--labels", help="folder with the ARAUS label files (*_set_*.txt)")]
AudioFolder = Annotated[Path, typer.Option("--audio", help="folder with the ARAUS recordings, at any depth")]
CacheFolder = Annotated[Path, typer.Option("--cache", help="folder of the feature cache")]


def prepare(labels: LabelsFolder, audio: AudioFolder) -> None:
    """Check an ARAUS audio folder against the label files, and say what is missing."""
    found = find_audio(audio)
    missing_any = False
    for split in SPLITS:
        rows = read_labels(labels, split)
        missing = [name for name in rows.ids if name not in found]
        missing_any |= bool(missing)
        console.print(f"{split}: {len(rows)} rows, {len(rows) - len(missing)} recordings found, {len(missing)} missing")
        for name in missing[:5]:
            console.print(f"  missing: {name} (.wav, .flac or .ogg)")
        if len(missing) > 5:
            console.print(f"  and {len(missing) - 5} more")
    if missing_any:
        console.print("Training goes on without the missing clips; for the paper's figures all of them are needed.")
        raise typer.Exit(1)


def features(
    labels: LabelsFolder,
    audio: AudioFolder,
    cache: CacheFolder,
    seconds: Annotated[float, typer.Option(help="length of a clip, s")] = 30.0,
    workers: Annotated[int, typer.Option(help="processes")] = 1,
) -> None:
    """Compute log-mel and ISO 532-1 loudness of every clip, by the code that runs on the node."""
    from training.cache import FeatureCache

    found = find_audio(audio)
    with progress_bar() as progress:
        for split in SPLITS:
            files = [found.get(name) for name in read_labels(labels, split).ids]
            task = progress.add_task(split, total=sum(file is not None for file in files))
            done = FeatureCache.write(cache / split, files, seconds, workers, lambda task=task: progress.advance(task))  # type: ignore[misc]
            progress.update(task, completed=int(done.done.sum()))


def train(
    labels: LabelsFolder,
    cache: CacheFolder,
    out: Annotated[Path, typer.Option(help="folder of checkpoints and curves")],
    network: Annotated[str, typer.Option(help=f"one of {', '.join(NETWORKS)}")] = "SoundEQnet",
    epochs: Annotated[int, typer.Option(help="at most")] = 100,
    batch: Annotated[int, typer.Option(help="clips a step")] = 32,
    learning_rate: Annotated[float, typer.Option(help="of Adam")] = 5e-4,
    patience: Annotated[int, typer.Option(help="epochs without a better validation ISOP error")] = 10,
    seed: int = 0,
    device: Device = "auto",
    amp: Annotated[bool, typer.Option(help="mixed precision")] = False,
) -> None:
    """Train a network by the published recipe."""
    from training.cache import FeatureCache
    from training.normalization import Normalization
    from training.train import Run, Split, TrainSettings
    from training.train import train as fit

    if network not in NETWORKS:
        raise ArausError(f"unknown network {network!r}: choose one of {', '.join(NETWORKS)}.")
    caches = {split: FeatureCache(cache / split) for split in ("train", "validation")}
    scale_file = cache / "normalization.json"
    if not scale_file.is_file():
        heard = caches["train"]
        scale = Normalization.measure(heard.mel, heard.loudness, np.flatnonzero(heard.done))
        scale_file.write_text(json.dumps(scale.as_dict()))
    scale = Normalization.read(scale_file)
    training, validation = (Split(caches[s], read_labels(labels, s), scale) for s in ("train", "validation"))
    settings = TrainSettings(network, epochs, batch, learning_rate, patience, seed, device, amp)
    with progress_bar() as progress:
        task = progress.add_task("epoch 1", total=-(-len(training) // batch))

        def batch_done(epoch: int, loss: float) -> None:
            progress.update(task, advance=1, description=f"epoch {epoch + 1}, loss {loss:.3f}")

        def epoch_done(epoch: int, row: dict[str, float]) -> None:
            progress.print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))
            progress.reset(task)

        best = fit(Run(settings, scale, out), training, validation, batch_done, epoch_done)
    console.print(f"best checkpoint: {best}; curves: {out / 'curves.png'}")


def evaluate(
    labels: LabelsFolder,
    cache: CacheFolder,
    models: Annotated[list[Path], typer.Argument(help="checkpoints, or the authors' weights (.npz, .pth)")],
    split: Annotated[str, typer.Option(help=f"one of {', '.join(SPLITS)}")] = "test",
    scaling: Annotated[Path | None, typer.Option(help="normalization.json of the authors, for their weights")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON of all figures")] = None,
    device: Device = "auto",
    rounds: Annotated[int, typer.Option(help="bootstrap rounds")] = 200,
) -> None:
    """Print the paper's table for any set of models, with intervals, the paper's figures and the trivial baseline."""
    from training.cache import FeatureCache
    from training.evaluate import assess, constant, predictions, table

    rows, held = read_labels(labels, split), FeatureCache(cache / split)
    truth = {name: value[held.done] for name, value in rows.targets().items()}
    every = [constant(read_labels(labels, "train"), int(held.done.sum()))]
    every += [predictions(path, held, rows, device, scaling) for path in models]
    figures = assess(every, truth, rounds)
    console.print(table(figures))
    if out is not None:
        plain = {name: {k: [f.value, f.low, f.high] for k, f in row.items()} for name, row in figures.items()}
        out.write_text(json.dumps(plain, indent=1))


def calibrate(
    labels: LabelsFolder,
    cache: CacheFolder,
    model: Annotated[Path, typer.Argument(help="checkpoint")],
    out: Annotated[Path, typer.Option(help="JSON for `python -m model_export export --fields`")],
    split: Annotated[str, typer.Option(help="never the training split")] = "validation",
    device: Device = "auto",
) -> None:
    """Fit temperature and Platt scaling, thresholds and listener spread on held-out clips.

    They are rated as wholes, so the newest 4 s on a node are read as the whole window.
    """
    from training.cache import FeatureCache
    from training.calibration import bundle_fields
    from training.evaluate import predictions

    held, rows = FeatureCache(cache / split), read_labels(labels, split)
    truth = {name: value[held.done] for name, value in rows.targets().items()}
    said = predictions(model, held, rows, device, None)
    fields = bundle_fields(said.scene, said.event, said.affect, truth)
    ece = fields["metrics"]["ece"]
    out.write_text(json.dumps(fields, indent=1))
    console.print("expected calibration error: " + ", ".join(f"{name} {value:.3f}" for name, value in ece.items()))
    console.print(f"fields for the bundle: {out}")
