"""Command line: checkpoints to bundles."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from model_export.bundles import ExportError, amend, published_scaling, read_fields, write_bundle
from model_export.restore import restore
from monitor.model import Bundle, BundleError
from training.networks import NETWORKS, Checkpoint, CheckpointError, load_published, read_state, recognise

app = typer.Typer(help="Turn PyTorch checkpoints into verified ONNX bundles for the monitor.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="folder of the bundle; files in it are replaced")]
Fields = Annotated[
    Path | None, typer.Option("--fields", help="JSON with thresholds, calibration, uncertainty, training, metrics ...")
]


@app.command("export")
def export_command(
    checkpoint: Annotated[Path, typer.Option(help="checkpoint written by `python -m training`")],
    out: Out,
    fields: Fields = None,
) -> None:
    """Export a checkpoint of this project to a bundle."""
    held = Checkpoint.load(checkpoint)
    more: dict[str, Any] = dict(held.more.get("bundle", {}))
    if fields is not None:
        more |= read_fields(fields)
    _told(write_bundle(held.module(), held.network, held.normalisation, out, more))


@app.command("import")
def import_command(
    checkpoint: Annotated[Path, typer.Argument(help="weights of the paper's authors: .pth, .pt or .npz")],
    out: Out,
    network: Annotated[
        str | None, typer.Option(help=f"one of {', '.join(NETWORKS)}; default: recognised by its keys")
    ] = None,
    normalisation: Annotated[
        Path | None,
        typer.Option(help="JSON with mean and std of log_mel and loudness; default: that of the bundle that ships"),
    ] = None,
    fields: Fields = None,
) -> None:
    """Turn a published checkpoint (SoundAQnet or one of its siblings) into a bundle."""
    state = read_state(checkpoint)
    name = network or recognise(state)
    if name not in NETWORKS:
        raise ExportError(f"unknown network {name!r}: choose one of {', '.join(NETWORKS)}.")
    try:
        module = load_published(state, name)
    except CheckpointError as error:
        raise CheckpointError(f"{checkpoint}: {error}") from error
    scaling = published_scaling(normalisation)
    _told(write_bundle(module, name, scaling, out, {} if fields is None else read_fields(fields)))


@app.command("amend")
def amend_command(
    folder: Annotated[Path, typer.Argument(help="folder of a bundle")],
    fields: Annotated[Path, typer.Option("--fields", help="JSON with the fields to change")],
) -> None:
    """Change calibration, thresholds or provenance of a bundle and seal it again."""
    _told(amend(folder, read_fields(fields)))


@app.command("variants")
def variants_command(
    folder: Annotated[Path, typer.Argument(help="folder of a float32 bundle of SoundEQnet")],
    audio: Annotated[list[Path], typer.Argument(help="recordings, 2 min or more in all: a third calibrates int8")],
    out: Annotated[Path | None, typer.Option("--out", help="keep the variants' bundles in this folder")] = None,
) -> None:
    """Make float16 and int8 forms of a bundle and print what they save and what they cost."""
    from model_export.recordings import windows_of
    from model_export.variants import compare, table

    bundle = Bundle.load(folder)
    jobs = windows_of(bundle, audio)
    third, apart = len(jobs) // 3, 15
    if len(jobs) < 3 * apart:
        raise ExportError(f"{len(jobs)} windows of 30 s at hops of 2 s are too few: give 2 min of sound or more.")
    typer.echo(table(compare(bundle, jobs[:third], jobs[third + apart :], out)))


@app.command("checkpoint")
def checkpoint_command(
    folder: Annotated[Path, typer.Argument(help="folder of a bundle of SoundEQnet")],
    out: Annotated[Path, typer.Option("--out", help="checkpoint to write, for `python -m training distil --start`")],
) -> None:
    """Read a bundle back as a checkpoint, to judge or to train on from."""
    bundle = Bundle.load(folder)
    scaling = bundle.normalisation.model_dump(mode="json")
    fields = bundle.manifest.model_dump(mode="json", include={"calibration", "thresholds"})
    Checkpoint("SoundEQnet", restore(bundle).state_dict(), scaling, {"bundle": fields}).save(out)
    typer.echo(f"{out}: the weights of {bundle.id}")


@app.command("show")
def show_command(folder: Annotated[Path | None, typer.Argument(help="default: the bundle that ships")] = None) -> None:
    """Verify a bundle and print what it says of itself."""
    typer.echo(json.dumps(Bundle.load(folder).metadata, indent=1, ensure_ascii=False))


def _told(bundle: Bundle) -> None:
    size = sum(record.bytes for record in bundle.manifest.files.values())
    typer.echo(f"{bundle.id}: {bundle.folder} ({size / 1e6:.1f} MB)")


def main() -> None:
    """Run the command line; faults in files are told in one sentence."""
    try:
        app()
    except (BundleError, CheckpointError, ExportError) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(65) from error


if __name__ == "__main__":
    main()
