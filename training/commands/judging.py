"""What a distilled network is worth on recordings that it never heard: the table of the model card."""

import json
from dataclasses import asdict
from math import isnan, nan
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.types import EVENTS
from training.commands.console import console, progress_bar
from training.commands.soundscapes import PLACES, SINGLES, Labels, Recordings, Scaling, Teachers, Work, sets

SURE = 0.8
"""Probability from which the narrator tells a sound as clearly heard."""


def listen(
    recordings: Recordings,
    labels: Labels,
    teachers: Teachers,
    scaling: Scaling,
    work: Work,
    level: Annotated[
        float | None, typer.Option(help="instead, hear the places with a scene at this LAeq, dB; default: their own")
    ] = None,
) -> None:
    """Hear the recordings that never train as they are, tiled to 30 s, and ask the published siblings about them."""
    from training.features import Shards
    from training.mixture.generate import Generator
    from training.mixture.sources import AudioStore, read_manifest, split
    from training.teachers import Ensemble

    held_out = split(read_manifest(recordings), held_out=True)
    places = [one for one in held_out if one.setting == "outdoor" and one.seconds >= 7]
    kinds = {PLACES: places, SINGLES: [one for one in held_out if not one.ambience and one.setting != "outdoor"]}
    if level is not None:
        kinds = {f"{PLACES}_{level:g}dB": [one for one in places if one.scene]}
    store = AudioStore.open(work / "store", recordings, read_manifest(recordings))
    generator = Generator([], [], store, Ensemble(teachers, scaling))
    with progress_bar() as progress:
        for name, sources in kinds.items():
            shards = Shards(work / name)
            for index, at in progress.track(list(enumerate(range(0, len(sources), 32))), description=name):
                if not shards.path(index).is_file():
                    some = sources[at : at + 32]
                    shards.write(index, generator.recordings(some, 30, 5 + index, nan if level is None else level))
    console.print(f"{', '.join(f'{len(sources)} in {work / name}' for name, sources in kinds.items())}")


def judge(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint of SoundEQnet, of `distil` or of a bundle")],
    work: Work,
    seconds: Annotated[float, typer.Option(help="judge windows of this length; 0: whole clips")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="all figures, for machines")] = False,
) -> None:
    """Print the table of the model card: scenes, sounds, affect on held-out material, with 95 % intervals."""
    from training.distil import predict
    from training.judge import event_areas, told
    from training.judge import judge as figures_of
    from training.losses import clamped_affect
    from training.networks import Checkpoint
    from training.normalization import Normalization
    from training.soundscape_data import SoundscapeData

    held = Checkpoint.load(checkpoint)
    network, scale = held.module(), Normalization.from_dict(held.normalisation)
    found: dict[str, Any] = {}
    for folder in sets(work, SINGLES, f"{PLACES}*", "held_out_*s"):
        name, data = folder.name, SoundscapeData(folder, scale, 0)
        frames = int(seconds * 100) + 1 if seconds else data.arrays["mel"].shape[1]
        outputs = predict(network, data, frames)
        scene, event, affect = (x.double().numpy() for x in (outputs.scene, outputs.event, clamped_affect(outputs)))
        figures = figures_of(scene, event, affect, data.arrays, data.arrays.get("origin"))
        areas = dict(zip(EVENTS, event_areas(event, data.arrays).tolist(), strict=True))
        labelled = int((data.arrays["scene"] >= 0).sum())
        found[name] = {"clips": len(data), "scene_labels": labelled, "figures": figures, "event_auc": areas}
        fields = held.more.get("bundle", {})
        if "thresholds" in fields and "calibration" in fields:
            found[name]["told"] = [told(event, data.arrays, fields, least) for least in (0.0, SURE)]
    if not found:
        raise ValueError(f"{work}: nothing to judge by; run `python -m training listen` first.")
    if as_json:
        typer.echo(json.dumps(found, default=asdict))
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    columns = {
        "scene": "scene_macro_accuracy", "teachers' scene": "teachers_scene_macro_accuracy",
        "scene as teachers": "scene_as_teachers", "event AUC": "event_auc", "teachers' event AUC": "teachers_event_auc",
        "PAQ correlation": "paq_correlation", "ISO correlation": "iso_correlation",
    }  # fmt: skip
    table = Table("held out", *found)
    table.add_row("clips (with a scene)", *(f"{one['clips']} ({one['scene_labels']})" for one in found.values()))
    for title, key in columns.items():
        figures = [one["figures"][key] for one in found.values()]
        table.add_row(title, *("" if isnan(figure.value) else str(figure) for figure in figures))
    for least, title in enumerate(("told and named / named and told", f"the same at {SURE} and above")):
        pairs = [one.get("told", [(nan, nan)] * 2)[least] for one in found.values()]
        table.add_row(title, *("" if isnan(named) else f"{named:.2f} / {heard:.2f}" for named, heard in pairs))
    table.add_section()
    for event in EVENTS:
        areas = [one["event_auc"][event] for one in found.values()]
        table.add_row(f"AUC {event}", *("" if isnan(area) else f"{area:.2f}" for area in areas))
    console.print(table)
