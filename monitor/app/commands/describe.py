"""`describe`: clips straight to descriptions."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from monitor.app import config
from monitor.app.describe import describe as describe_clip
from monitor.app.failure import Exit
from monitor.app.scale import FullScalePa
from monitor.dashboard.card import card
from monitor.model.bundle import Bundle
from monitor.sources.audio_file import sound_files
from monitor.sources.calibration import resolve
from monitor.sources.contract import SourceError

log = logging.getLogger(__name__)


def describe(
    clips: Annotated[list[Path], typer.Argument(help="Sound files (WAV, FLAC, OGG, ...) or folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")] = False,
    full_scale_pa: FullScalePa = None,
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Model bundle; default: the configured or the shipped one.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of the caption: en or nl.")] = None,
) -> None:
    """Describe recordings: scene, sounds, how they feel, loudness, levels, and a caption.

    Any rate, any number of channels, from 1 s to hours. All good clips are described; a bad one is told in a
    sentence, and the exit code is then 65.
    """
    settings = config.load(config.find(file))
    calibration_settings = settings.calibration
    if full_scale_pa is not None:
        calibration_settings = calibration_settings.model_copy(
            update={"full_scale_pa": full_scale_pa, "sensitivity_dbfs_rms_at_94_db": None}
        )
    calibration = resolve(calibration_settings, None, None)
    model = Bundle.load(bundle or settings.model.bundle)
    paths, bad = _files(clips)
    console, errors = Console(), Console(stderr=True)
    with Progress(
        console=errors, transient=True, disable=as_json or not errors.is_terminal or len(paths) < 2
    ) as progress:
        for path in progress.track(paths, description="Describing"):
            try:
                result = describe_clip(
                    path,
                    model,
                    calibration,
                    settings=calibration_settings,
                    language=language or settings.narrate.language,
                )
            except SourceError as error:
                bad.append(str(error))
                _say(str(error))
                continue
            for fault in result.get("faults", []):
                bad.append(fault)
                _say(fault)
            if as_json:
                typer.echo(json.dumps(result, ensure_ascii=False))
            else:
                console.print(card(result))
    if bad:
        raise typer.Exit(Exit.BAD_INPUT)


def _files(clips: list[Path]) -> tuple[list[Path], list[str]]:
    """Return all sound files, folders walked in name order, and a sentence for each that is missing."""
    paths: list[Path] = []
    bad: list[str] = []
    missing: SourceError | None = None
    for clip in clips:
        try:
            paths += sound_files(clip)
        except SourceError as error:
            missing = error
            bad.append(str(error))
            _say(str(error))
    if missing is not None and not paths:
        raise typer.Exit(missing.exit_code)
    return paths, bad


def _say(sentence: str) -> None:
    typer.secho(f"soundscape-monitor: {sentence}", err=True, fg=typer.colors.RED)
