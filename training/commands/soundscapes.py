"""Commands on generated soundscapes: how the shipped weights were made."""

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from training.araus import read_labels
from training.commands.console import console, progress_bar

Recordings = Annotated[Path, typer.Option("--recordings", help="folder with manifest.csv and the recordings it lists")]
Labels = Annotated[
    Path, typer.Option("--labels", help="folder with the ARAUS label files: scenes and events are drawn from them")
]
Teachers = Annotated[
    Path, typer.Option("--teachers", help="folder with ad_cnn.npz, baseline_cnn.npz, hierarchical_cnn.npz")
]
Scaling = Annotated[Path, typer.Option("--scaling", help="normalization.json of the teachers' authors")]
PLACES, SINGLES = "places_30s", "singles_30s"
"""What `listen` hears, below the work folder."""
Work = Annotated[Path, typer.Option("--work", help="folder for decoded audio, soundscapes and checkpoints")]


def mix(
    recordings: Recordings,
    labels: Labels,
    teachers: Teachers,
    scaling: Scaling,
    work: Work,
    seconds: Annotated[int, typer.Option(help="length of a soundscape, s")] = 10,
    shards: Annotated[int, typer.Option(help="files of 32 soundscapes")] = 200,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="from recordings that never train: for validation")
    ] = False,
    seed: int = 11,
    workers: Annotated[int, typer.Option(help="processes")] = 1,
) -> None:
    """Build soundscapes from recordings, label them, and ask the published siblings about them."""
    from training.mixture.sources import AudioStore, read_manifest

    AudioStore.open(work / "store", recordings, read_manifest(recordings))
    name = f"{'held_out' if held_out else 'train'}_{seconds}s"
    fixed = (recordings, labels, teachers, scaling, work / "store", work / name, seconds, held_out, seed)
    with progress_bar() as progress, ProcessPoolExecutor(workers) as pool:
        for _ in progress.track(pool.map(_shard, [fixed] * shards, range(shards)), total=shards, description=name):
            pass
    console.print(f"{shards * 32} soundscapes of {seconds} s in {work / name}")


def _shard(fixed: tuple[Path, Path, Path, Path, Path, Path, int, bool, int], index: int) -> None:
    import torch

    from training.features import Shards
    from training.mixture.generate import Generator
    from training.mixture.sources import AudioStore, read_manifest, split
    from training.teachers import Ensemble

    recordings, labels, teachers, scaling, store, out, seconds, held_out, seed = fixed
    shards = Shards(out)
    if shards.path(index).is_file():
        return
    torch.set_num_threads(1)
    rows = read_labels(labels, "train")
    sources = split(read_manifest(recordings), held_out=held_out)
    generator = Generator(
        sources, list(zip(rows.scene, rows.events, strict=True)), AudioStore(store), Ensemble(teachers, scaling)
    )
    shards.write(index, generator.shard(index, seconds, seed))


def distil(
    work: Work,
    out: Annotated[Path, typer.Option(help="checkpoint to write, for `python -m model_export export`")],
    minutes: Annotated[float, typer.Option(help="budget of the narrow network, min")] = 100.0,
    start: Annotated[
        Path | None, typer.Option(help="checkpoint to train on from (of `python -m model_export checkpoint`, say)")
    ] = None,
    scaling: Annotated[
        Path | None,
        typer.Option(help="the authors' normalization.json, to express the weights for; default: as trained"),
    ] = None,
    seed: int = 0,
) -> None:
    """Train SoundEQnet on what `mix` made; calibrate on what was held out and, if heard, the places of `listen`."""
    from dataclasses import replace

    from training.features import Shards
    from training.networks import Checkpoint
    from training.networks.soundeqnet import SoundEQnet
    from training.normalization import Normalization
    from training.recipe import SHIPPED, checkpoint, finish, narrow_network, rescale
    from training.soundscape_data import SoundscapeData

    training, validation = sets(work, "train_*s"), sets(work, "held_out_*s", PLACES)
    if not training or not validation:
        raise ValueError(f"{work}: no soundscapes; run `python -m training mix` first, with and without --held-out.")
    begun: SoundEQnet | None = None
    scale_file = work / "normalization.json"
    if start is not None:
        held_weights = Checkpoint.load(start)
        module = held_weights.module()
        if not isinstance(module, SoundEQnet):
            raise ValueError(f"{start}: a checkpoint of {held_weights.network}; SoundEQnet is trained here.")
        begun, scale = module, Normalization.from_dict(held_weights.normalisation)
    elif scale_file.is_file():
        scale = Normalization.read(scale_file)
    else:
        first = Shards(training[0]).read(limit=40)
        scale = Normalization.measure(first["mel"], first["loudness"])
        scale_file.write_text(json.dumps(scale.as_dict()))
    data = [SoundscapeData(folder, scale, seed) for folder in training]
    held = [SoundscapeData(folder, scale, seed) for folder in validation]
    recipe = replace(SHIPPED, minutes=minutes, seed=seed)
    with progress_bar() as progress:
        task = progress.add_task("narrow network", total=100)

        def tick(step: int, done: float, loss: float) -> None:
            progress.update(task, completed=100 * done, description=f"narrow network, step {step}, loss {loss:.3f}")

        trained = narrow_network(recipe, begun, data[0], held[0], work / "narrow", tick)
        network, fields = finish(trained, data, held, recipe)
    if scaling is not None:
        other = replace(Normalization.read(scaling), source="published")
        rescale(network, scale, other)
        scale = other
    checkpoint(network, scale, fields).save(out)
    print_errors(out, fields)


def recalibrate(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint of SoundEQnet, of `distil` or of a bundle")],
    work: Work,
    out: Annotated[Path, typer.Option(help="JSON for `python -m model_export amend --fields`")],
) -> None:
    """Calibrate as `distil` does, on what was held out and the places of `listen`, and nothing else."""
    from training.networks import Checkpoint
    from training.networks.soundeqnet import SoundEQnet
    from training.normalization import Normalization
    from training.recipe import calibrated_fields
    from training.soundscape_data import SoundscapeData

    held = Checkpoint.load(checkpoint)
    network, scale = held.module(), Normalization.from_dict(held.normalisation)
    if not isinstance(network, SoundEQnet):
        raise ValueError(f"{checkpoint}: a checkpoint of {held.network}; SoundEQnet is calibrated here.")
    fields = calibrated_fields(network, [SoundscapeData(one, scale, 0) for one in sets(work, "held_out_*s", PLACES)])
    out.write_text(json.dumps(fields, indent=1))
    print_errors(out, fields)


def sets(work: Path, *patterns: str) -> list[Path]:
    """Folders of finished soundscapes below the work folder."""
    from training.features import Shards

    return [folder for pattern in patterns for folder in sorted(work.glob(pattern)) if Shards(folder).done()]


def print_errors(out: Path, fields: dict[str, Any]) -> None:
    """Say what was written and how far its probabilities are off."""
    errors = fields["metrics"]["ece"]
    console.print(f"{out}: calibration errors {', '.join(f'{key} {value:.3f}' for key, value in errors.items())}")


def attribution(recordings: Recordings, out: Annotated[Path, typer.Option(help="Markdown file")]) -> None:
    """Write who recorded what the weights were trained on."""
    from training.attribution import attribution_table

    out.write_text(attribution_table(recordings), encoding="utf-8")
