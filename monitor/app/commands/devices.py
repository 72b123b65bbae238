"""`devices`: what can be listened to."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from monitor.app import config
from monitor.sources.calibration import CalibrationStore, device_key, resolve
from monitor.sources.devices import list_inputs, load_sounddevice


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")] = False,
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    state: Annotated[
        Path | None, typer.Option(help="State folder. Default: $STATE_DIRECTORY, else the XDG state folder.")
    ] = None,
) -> None:
    """List the input devices, by the names that `run --device` and audio.device take, and how they are calibrated.

    Part of a name is enough. Names stay the same over restarts.
    """
    settings = config.load(config.find(file))
    store = CalibrationStore(state or config.state_folder())
    found = list_inputs(load_sounddevice())
    calibrations = [resolve(settings.calibration, store, device_key(d.name, settings.audio.channel)) for d in found]
    if as_json:
        for device, calibration in zip(found, calibrations, strict=True):
            typer.echo(json.dumps(asdict(device) | {"calibration": asdict(calibration)}))
        return
    if not found:
        typer.echo(
            "There is no input device. Plug in a microphone; a user other than root must be in the group 'audio'."
        )
        return
    table = Table(box=None, pad_edge=False)
    for title in ("", "name", "channels", "rate", "system", "calibration"):
        table.add_column(title, overflow="fold")
    for device, calibration in zip(found, calibrations, strict=True):
        mark = "*" if device.is_default else ""
        rate = f"{device.rate_hz} Hz"
        table.add_row(mark, device.name, str(device.channels), rate, device.system, calibration.text)
    Console().print(table)
    typer.echo("* the default input")
