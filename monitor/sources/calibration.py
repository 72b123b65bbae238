"""What a sample value means in Pa, and where that is known from: a calibrator, the configuration, or nowhere."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError

from monitor.records import LevelReference, Record
from monitor.settings import CalibrationSettings
from monitor.types import P0_PA

PA_AT_94_DB = P0_PA * 10 ** (94 / 20)
"""RMS pressure of 94 dB re 20 uPa, Pa."""
FILE_NAME = "calibration.json"


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """The scale in use: `full_scale_pa` is the pressure at sample value 1.0, Pa."""

    full_scale_pa: float
    calibrated: bool
    """True when levels are sound pressure levels: by a calibrator, or because the operator configured the scale."""
    level_reference: LevelReference
    text: str
    """For people: how and when."""


class CalibrationRecord(Record):
    """One calibration, or one check, with an acoustic calibrator."""

    at: AwareDatetime
    kind: Literal["calibration", "check"]
    full_scale_pa: float = Field(gt=0, description="pressure at sample value 1.0, Pa, as measured")
    level_db: float = Field(description="level of the calibrator, dB re 20 uPa")
    freq_hz: float = Field(gt=0, description="frequency of the calibrator, Hz")
    tone_dbfs: float = Field(description="level of the tone as recorded, dBFS rms (a full-scale sine is -3.01)")
    sd_db: float = Field(ge=0, description="standard deviation of the tone's level, dB")
    shift_db: float | None = Field(description="change against the calibration before it, dB; null for the first")
    serial: str | None = Field(None, description="serial number of the microphone")
    calibrator_serial: str | None = Field(None, description="serial number of the calibrator")


class CalibrationUnreadable(Exception):
    """The stored calibrations cannot be read: a sentence that names the file and the fault."""


class CalibrationStore:
    """Calibrations by device, `calibration.json` in the state folder: readable by its owner alone, replaced atomically.

    The last record of kind `calibration` is the one in force; the others are the device's history.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / FILE_NAME

    def devices(self) -> dict[str, list[CalibrationRecord]]:
        """Return the records of all devices, oldest first; raises CalibrationUnreadable."""
        return self._load()

    def history(self, device: str) -> list[CalibrationRecord]:
        """Return the records of a device, oldest first; raises CalibrationUnreadable."""
        return self._load().get(device, [])

    def current(self, device: str) -> CalibrationRecord | None:
        """Return the calibration in force for a device; raises CalibrationUnreadable."""
        return next((record for record in reversed(self.history(device)) if record.kind == "calibration"), None)

    def add(self, device: str, record: CalibrationRecord) -> None:
        """Append a record; raises CalibrationUnreadable, and OSError where the folder cannot be written."""
        devices = self._load()
        devices.setdefault(device, []).append(record)
        tree = {name: [r.model_dump(mode="json") for r in records] for name, records in devices.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=self.path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump({"version": 1, "devices": tree}, stream, indent=1, ensure_ascii=False)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _load(self) -> dict[str, list[CalibrationRecord]]:
        try:
            tree = json.loads(self.path.read_text(encoding="utf-8"))
            return {
                name: [CalibrationRecord.model_validate_json(json.dumps(record)) for record in records]
                for name, records in tree["devices"].items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            fault = f"{error.error_count()} wrong entries" if isinstance(error, ValidationError) else error
            raise CalibrationUnreadable(
                f"The stored calibrations in {self.path} cannot be read ({fault}); move it away and calibrate again."
            ) from None


def device_key(device: str, channel: int | Literal["mean"] = 0) -> str:
    """Return the name under which a device's calibration is kept: its stable name, and the channel unless it is 0."""
    return device if channel == 0 else f"{device} [channel {channel}]"


def resolve(settings: CalibrationSettings, store: CalibrationStore | None, device: str | None) -> CalibrationState:
    """Return the scale for a device (its key): a stored calibration, else the configured scale, else the assumed.

    device None: a file, for which no stored calibration counts. Stored calibrations that cannot be read leave the node
    uncalibrated, and the text says why.
    """
    trouble = ""
    if store is not None and device is not None:
        try:
            if record := store.current(device):
                return _stored(record)
        except CalibrationUnreadable as error:
            trouble = f"; {error}"
    if settings.full_scale_pa is not None:
        full_scale_pa = settings.full_scale_pa
    elif settings.sensitivity_dbfs_rms_at_94_db is not None:
        full_scale_pa = PA_AT_94_DB / 10 ** (settings.sensitivity_dbfs_rms_at_94_db / 20)
    else:
        assumed = settings.assumed_full_scale_pa
        return CalibrationState(
            assumed, False, "assumed", f"uncalibrated: {assumed:.4g} Pa at full scale is assumed{trouble}"
        )
    return configured(full_scale_pa, trouble)


def configured(full_scale_pa: float, note: str = "") -> CalibrationState:
    """Return the state for a scale that the user gave, Pa at sample value 1.0."""
    return CalibrationState(
        full_scale_pa, True, "configured", f"configured: {full_scale_pa:.4g} Pa at full scale{note}"
    )


def _stored(record: CalibrationRecord) -> CalibrationState:
    serial = f", SN {record.serial}" if record.serial else ""
    text = f"{record.level_db:g} dB at {record.freq_hz:g} Hz, {record.at:%Y-%m-%d}{serial}"
    return CalibrationState(record.full_scale_pa, True, "calibrated", text)
