"""`measure`: time series of a file for researchers."""

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from monitor.aggregate.histogram import level_db
from monitor.app.failure import Exit, Failure
from monitor.app.scale import FullScalePa
from monitor.dsp.hearing import Heard, Hearing
from monitor.settings import CalibrationSettings
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import resolve
from monitor.types import LEVEL_FRAME, LOUDNESS_STEP, RATE_HZ, THIRD_OCTAVES_HZ, AudioBlock, Gap

LOWEST_DB = -25.0
"""No place is quieter (the motion of the air's molecules is about there): what is below is what filters leave."""


def measure(
    file: Annotated[Path, typer.Argument(help="Sound file: WAV, FLAC, OGG, ...")],
    out: Annotated[
        Path, typer.Option("--csv", help="Where to write; two or three files: OUT, OUT with -levels, -bands.")
    ],
    full_scale_pa: FullScalePa = None,
    field: Annotated[str, typer.Option(help="Sound field for ISO 532-1: free or diffuse.")] = "free",
    bands: Annotated[bool, typer.Option("--bands", help="Also write third-octave levels, every 125 ms.")] = False,
) -> None:
    """Measure a file: ISO 532-1 loudness every 2 ms, LAF and LAS every 125 ms, third octaves on request.

    OUT holds time_s and N_sone; OUT-levels holds time_s, LAeq, LAF, LAS; OUT-bands one column a band. A level
    below -25 dB does not exist (digital silence) and is empty. Levels are dB re 20 uPa. Missing samples are left out,
    never filled in.
    """
    if field not in ("free", "diffuse"):
        raise Failure(Exit.USAGE, f"--field {field} is neither free nor diffuse.")
    calibration = resolve(CalibrationSettings(full_scale_pa=full_scale_pa), None, None)
    console = Console(stderr=True)
    with ExitStack() as stack:
        source = stack.enter_context(AudioFileSource(file, calibration))
        sheets = _Sheets(out, bands, stack)
        hearing = Hearing(field="free" if field == "free" else "diffuse")
        progress = stack.enter_context(Progress(console=console, transient=True, disable=not console.is_terminal))
        task = progress.add_task("Measuring", total=None)
        while not source.exhausted:
            item = source.read(1.0)
            if isinstance(item, AudioBlock):
                sheets.write(hearing.process(item.pressure_pa, item.n_clipped))
            elif isinstance(item, Gap):
                hearing.reset(item.end_sample)
            if item is not None:
                progress.update(task, description=f"Measuring: {item.end_sample / RATE_HZ:.0f} s")
        faults = list(source.faults)
    reference = "" if calibration.calibrated else " (uncalibrated: 2.835798 Pa at full scale assumed)"
    console.print(f"{', '.join(str(p) for p in sheets.paths)} written{reference}", highlight=False, markup=False)
    if faults:
        raise Failure(Exit.BAD_INPUT, " ".join(faults))


class _Sheets:
    """The CSV files of one measurement."""

    def __init__(self, out: Path, bands: bool, stack: ExitStack) -> None:
        self.paths = [out, out.with_stem(f"{out.stem}-levels")]
        heads = [["time_s", "N_sone"], ["time_s", "LAeq_dB", "LAF_dB", "LAS_dB"]]
        if bands:
            self.paths.append(out.with_stem(f"{out.stem}-bands"))
            heads.append(["time_s", *(f"{hz:g}" for hz in THIRD_OCTAVES_HZ)])
        self._writers: list[Any] = []
        for path, head in zip(self.paths, heads, strict=True):
            try:
                stream: IO[str] = stack.enter_context(path.open("w", newline="", encoding="utf-8"))
            except OSError as error:
                raise Failure(Exit.USAGE, f"{path} cannot be written: {error.strerror}.") from None
            self._writers.append(csv.writer(stream))
            self._writers[-1].writerow(head)

    def write(self, heard: Heard) -> None:
        start = heard.loudness.start_sample
        self._writers[0].writerows(
            (f"{(start + LOUDNESS_STEP * k) / RATE_HZ:.3f}", f"{n:.6f}") for k, n in enumerate(heard.loudness.n_sone)
        )
        for frame in heard.levels:
            time = f"{(frame.start_sample + LEVEL_FRAME) / RATE_HZ:.3f}"
            self._writers[1].writerow([time, *(_db(v) for v in (frame.a_ms_pa2, frame.laf_pa2, frame.las_pa2))])
            if len(self._writers) > 2:
                self._writers[2].writerow([time, *(_db(float(v)) for v in frame.bands_ms_pa2)])


def _db(mean_square_pa2: float) -> str:
    level = level_db(mean_square_pa2)
    return "" if level is None or level < LOWEST_DB else f"{level:.2f}"
