"""`calibrate`: learn from an acoustic calibrator what a sample value means in Pa."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.app import config
from monitor.app.calibrate import DRIFT_LIMIT_DB, find_tone, record_of
from monitor.app.failure import Exit, Failure
from monitor.settings import CalibrationSettings, Settings
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import CalibrationRecord, CalibrationStore, configured, device_key
from monitor.sources.chatter import silence_native_chatter
from monitor.sources.contract import Source
from monitor.sources.devices import DeviceAway, find_input, load_sounddevice
from monitor.sources.microphone import MicrophoneSource


def calibrate(
    level: Annotated[float, typer.Option(help="Level of the calibrator, dB re 20 uPa.", min=60, max=140)] = 94.0,
    freq: Annotated[float, typer.Option(help="Frequency of the calibrator, Hz.", min=100, max=4000)] = 1000.0,
    device: Annotated[
        str | None, typer.Option(help="Part of the input device's name. Default: the configured or default input.")
    ] = None,
    serial: Annotated[str | None, typer.Option(help="Serial number of the microphone, kept with it.")] = None,
    calibrator: Annotated[str | None, typer.Option(help="Serial number of the calibrator, kept with it.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the last calibration and keep the result; change nothing.")
    ] = False,
    accept_shift: Annotated[
        bool, typer.Option("--accept-shift", help="Accept a change of more than 3 dB against the last calibration.")
    ] = False,
    recording: Annotated[
        Path | None,
        typer.Option(
            "--file", help="A recording of the calibrator by --device, for which it is kept; without it, only told."
        ),
    ] = None,
    wait: Annotated[float, typer.Option(help="Wait so long for a steady tone, s.", min=6)] = 60.0,
    history: Annotated[
        bool, typer.Option("--history", help="Show what is kept, for --device or all; measure nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    state: Annotated[
        Path | None, typer.Option(help="State folder. Default: $STATE_DIRECTORY, else the XDG state folder.")
    ] = None,
) -> None:
    """Calibrate: put the calibrator on the microphone, switch it on, and keep still for 5 s.

    The tone is measured in a narrow band and must be steady (standard deviation below 0.1 dB). The result is kept for
    the device, with date, serial numbers and all earlier ones. Repeat with --check after a measurement campaign.
    """
    settings = config.load(config.find(file))
    store = CalibrationStore(state or config.state_folder())
    errors = Console(stderr=True)
    if history:
        return _tell_history(store, device, as_json)
    if recording is not None:
        key = None if device is None else _key_of(device, settings)
        channel = "mean" if device is None else settings.audio.channel
        source: Source = AudioFileSource(recording, configured(1.0), channel=channel)
    else:
        source, key = _microphone(settings, device)
    with source:
        before = None if key is None else store.current(key)
        patience_s = wait if source.live else float("inf")
        with errors.status(f"Waiting for a steady tone of {level:g} dB at {freq:g} Hz ...") as status:

            def progress(level_dbfs: float | None) -> None:
                if level_dbfs is not None:
                    status.update(f"{level_dbfs:.1f} dBFS at {freq:g} Hz; waiting until it is steady ...")

            tone = find_tone(source, freq, patience_s=patience_s, progress=progress)
    record = record_of(
        tone, level, freq, before, datetime.now(UTC),
        check=check, accept_shift=accept_shift, serial=serial, calibrator_serial=calibrator,
    )  # fmt: skip
    if key is not None:
        try:
            store.add(key, record)
        except OSError as error:
            raise Failure(Exit.CONFIG, f"{store.path} cannot be written: {error.strerror}.") from None
    typer.echo(record.model_dump_json() if as_json else "\n".join(_told(record, before, key)))


def _microphone(settings: Settings, device: str | None) -> tuple[Source, str]:
    audio = settings.audio if device is None else settings.audio.model_copy(update={"device": device})
    silence_native_chatter()
    source = MicrophoneSource(audio, CalibrationSettings(full_scale_pa=1.0))
    if source.device is None:
        state = source.state
        source.close()
        raise Failure(Exit.DEVICE, f"Not calibrated: {state}. If the node is running, stop it while calibrating.")
    return source, device_key(source.device, audio.channel)


def _key_of(device: str, settings: Settings) -> str:
    """Return the key under which the node will look for a device's calibration; raises Failure where it is not."""
    silence_native_chatter()
    try:
        return device_key(find_input(load_sounddevice(), device).name, settings.audio.channel)
    except DeviceAway as away:
        raise Failure(Exit.DEVICE, f"Not calibrated: {away}; plug it in, or leave --device out.") from None


def _told(record: CalibrationRecord, before: CalibrationRecord | None, key: str | None) -> list[str]:
    lines = [
        f"{'Checked' if record.kind == 'check' else 'Calibrated'}: {key or 'recording'}",
        f"  tone      {record.tone_dbfs:.2f} dBFS rms, standard deviation {record.sd_db:.3f} dB",
    ]
    if before is not None and record.shift_db is not None:
        lines.append(
            f"  before    {before.full_scale_pa:.6g} Pa at full scale ({before.at:%Y-%m-%d}): "
            f"read {record.level_db - record.shift_db:.2f} dB for {record.level_db:g} dB"
        )
    lines.append(f"  {'now' if record.kind == 'check' else 'after'}{'':7}{record.full_scale_pa:.6g} Pa at full scale")
    drift = abs(record.shift_db or 0.0)
    if record.kind == "check":
        verdict = "within" if drift <= DRIFT_LIMIT_DB else "more than"
        doubt = "" if drift <= DRIFT_LIMIT_DB else ": levels since then are in doubt; calibrate again"
        lines.append(f"  drift     {record.shift_db:+.2f} dB, {verdict} {DRIFT_LIMIT_DB:g} dB (ISO 1996-2){doubt}")
    elif key is None:
        lines.append(f"  Nothing was kept. Use --full-scale-pa {record.full_scale_pa:.6g}, or in the configuration:")
        lines.append(f"  [calibration]\n  full_scale_pa = {record.full_scale_pa:.6g}")
    else:
        lines.append("  A node that is running takes it up at its next start.")
    return lines


def _tell_history(store: CalibrationStore, device: str | None, as_json: bool) -> None:
    kept = {name: records for name, records in store.devices().items() if (device or "").casefold() in name.casefold()}
    if as_json:
        typer.echo(json.dumps({name: [r.model_dump(mode="json") for r in records] for name, records in kept.items()}))
        return
    if not kept:
        typer.echo(f"No calibration is kept{f' for {device}' if device else ''} in {store.path}.")
    for name, records in kept.items():
        typer.echo(name)
        for record in records:
            shift = "" if record.shift_db is None else f", {record.shift_db:+.2f} dB"
            serial = f", SN {record.serial}" if record.serial else ""
            what = f"{record.kind:<11} {record.full_scale_pa:.6g} Pa{shift}{serial}"
            typer.echo(f"  {record.at:%Y-%m-%d %H:%M} UTC  {what}")
