"""Calibration with an acoustic calibrator: find its tone, be sure of it, and say what a sample value means in Pa."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from monitor.app.failure import Exit, Failure
from monitor.sources.calibration import CalibrationRecord
from monitor.sources.contract import DeviceError, Source
from monitor.types import P0_PA, RATE_HZ, AudioBlock, FloatArray, Gap

WINDOW = RATE_HZ // 4
"""Samples over which the tone's level is taken once (250 ms)."""
STABLE_S = 5.0
"""The tone must hold so long, s."""
STABLE_SD_DB = 0.1
"""Largest standard deviation of its level, dB."""
OTHER_SOUND_DB = 1.0
"""The tone may lie so far below everything from 63 Hz to 12.5 kHz, dB: about 6 dB above the rest."""
WEAKEST_DBFS = -75.0
FREQUENCY_TOLERANCE = 0.03
"""Deviation of the tone's frequency from the one asked for, as a share of it; a class 2 calibrator keeps within 2 %."""
SHIFT_LIMIT_DB = 3.0
"""A larger change against the last calibration is taken for a mistake."""
DRIFT_LIMIT_DB = 0.5
"""A check that differs by more puts measurements since the last calibration in doubt (ISO 1996-2)."""
DEVICE_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Tone:
    """A stable tone: rms level in dBFS (a full-scale sine is -3.01), its standard deviation, its frequency in Hz."""

    level_dbfs: float
    sd_db: float
    freq_hz: float


class ToneMeter:
    """Looks for a stable tone in sound whose full scale is 1.0: narrow-band, a third of an octave around `freq_hz`."""

    def __init__(self, freq_hz: float, stable_s: float = STABLE_S) -> None:
        self._freq_hz = freq_hz
        self._hann = np.hanning(WINDOW + 1)[:-1]
        self._bins_hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
        edge = 2 ** (1 / 6)
        self._band = (self._bins_hz >= freq_hz / edge) & (self._bins_hz <= freq_hz * edge)
        self._whole = (self._bins_hz >= 63) & (self._bins_hz <= 12_500)
        self._windows: deque[tuple[float, float, float, bool]] = deque(maxlen=round(stable_s * RATE_HZ / WINDOW))
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: after a gap."""
        self._held: FloatArray = np.zeros(0)
        self._clipped = False
        self._settling = 2
        """Windows to leave out: sound has just begun."""
        self._windows.clear()

    def process(self, block: AudioBlock) -> None:
        """Take the next block."""
        self._clipped |= block.n_clipped > 0
        self._held = np.concatenate((self._held, block.pressure_pa))
        while len(self._held) >= WINDOW:
            self._window(self._held[:WINDOW])
            self._held = self._held[WINDOW:]

    def _window(self, samples: FloatArray) -> None:
        if self._settling:
            self._settling -= 1
        else:
            power = np.abs(np.fft.rfft(samples * self._hann)) ** 2 * (2 / WINDOW / np.sum(self._hann**2))
            band = power[self._band]
            moment = float(np.sum(band * self._bins_hz[self._band]))
            self._windows.append((float(np.sum(band)), float(np.sum(power[self._whole])), moment, self._clipped))
        self._clipped = False

    @property
    def level_dbfs(self) -> float | None:
        """The newest level in the band, dBFS rms."""
        return _db(self._windows[-1][0]) if self._windows else None

    def judge(self) -> Tone | str:
        """Return the tone, or what is wrong with what was heard, as the end of a sentence."""
        if not self._windows:
            return "nothing was heard"
        band, whole, moment, clipped = (np.array(column) for column in zip(*self._windows, strict=True))
        levels = np.array([_db(b) for b in band])
        level, total = _db(float(np.mean(band))), _db(float(np.mean(whole)))
        freq_hz = float(np.sum(moment) / max(np.sum(band), np.finfo(float).tiny))
        if clipped.any():
            return "the tone clips; lower the gain of the input"
        if level < WEAKEST_DBFS:
            return f"there is no tone at {self._freq_hz:g} Hz ({level:.0f} dBFS); is the calibrator on, is the gain up?"
        if total - level > OTHER_SOUND_DB:
            return (
                f"other sound is as loud: {total:.1f} dBFS in all, {level:.1f} dBFS around {self._freq_hz:g} Hz; "
                "seat the microphone in the calibrator, or give the calibrator's frequency with --freq"
            )
        if abs(freq_hz / self._freq_hz - 1) > FREQUENCY_TOLERANCE:
            return f"the tone is at {freq_hz:.0f} Hz, not {self._freq_hz:g} Hz; give the frequency with --freq"
        if len(self._windows) < (self._windows.maxlen or 0):
            return f"the tone lasted only {len(self._windows) * WINDOW / RATE_HZ:g} s"
        sd = float(np.std(levels, ddof=1))
        if sd >= STABLE_SD_DB:
            return f"the tone is not steady (standard deviation {sd:.2f} dB, {STABLE_SD_DB:g} dB at most)"
        return Tone(level, sd, freq_hz)


def find_tone(
    source: Source,
    freq_hz: float,
    *,
    patience_s: float,
    stable_s: float = STABLE_S,
    progress: Callable[[float | None], None] = lambda level_dbfs: None,
) -> Tone:
    """Listen until the tone has been steady for `stable_s`, and return it.

    The source's full scale must be 1.0 Pa. Raises Failure (65) saying why, when `patience_s` of sound (or the file)
    is over, and DeviceError when the device cannot be heard.
    """
    meter = ToneMeter(freq_hz, stable_s)
    heard = 0
    while not source.exhausted and heard < patience_s * RATE_HZ:
        item = source.read(DEVICE_PATIENCE_S)
        if item is None or (source.degraded and source.live and isinstance(item, Gap)):
            if source.exhausted:
                break
            raise DeviceError(
                f"The microphone cannot be heard: {source.state}. If the node is running, stop it while calibrating."
            )
        if isinstance(item, Gap):
            meter.reset()
            continue
        meter.process(item)
        heard += len(item.pressure_pa)
        progress(meter.level_dbfs)
        if isinstance(tone := meter.judge(), Tone):
            return tone
    raise Failure(Exit.BAD_INPUT, f"Not calibrated: {meter.judge()}.")


def record_of(
    tone: Tone,
    level_db: float,
    freq_hz: float,
    last: CalibrationRecord | None,
    at: datetime,
    *,
    check: bool = False,
    accept_shift: bool = False,
    serial: str | None = None,
    calibrator_serial: str | None = None,
) -> CalibrationRecord:
    """Return the record of a tone that the calibrator gives at `level_db`; a check compares, and changes nothing.

    Raises Failure (65) for a change of more than SHIFT_LIMIT_DB against the last calibration, unless it is accepted
    or the microphone is another one (its serial says so), and (2) for a check without a calibration to compare with.
    """
    full_scale_pa = P0_PA * 10 ** ((level_db - tone.level_dbfs) / 20)
    shift = None if last is None else 20 * float(np.log10(full_scale_pa / last.full_scale_pa))
    if check and shift is None:
        raise Failure(Exit.USAGE, "There is no calibration of this device to check; calibrate without --check first.")
    another = last is not None and serial is not None and serial != last.serial
    if shift is not None and not check and not accept_shift and not another and abs(shift) > SHIFT_LIMIT_DB:
        assert last is not None
        raise Failure(
            Exit.BAD_INPUT,
            f"Not calibrated: the sensitivity would change by {shift:+.1f} dB against {last.at:%Y-%m-%d}, which is "
            "implausible. Check level, seat and gain; if it is right all the same, repeat with --accept-shift.",
        )
    return CalibrationRecord(
        at=at,
        kind="check" if check else "calibration",
        full_scale_pa=full_scale_pa,
        level_db=level_db,
        freq_hz=freq_hz,
        tone_dbfs=round(tone.level_dbfs, 3),
        sd_db=round(tone.sd_db, 4),
        shift_db=None if shift is None else round(shift, 3),
        serial=serial if serial is not None or last is None else last.serial,
        calibrator_serial=calibrator_serial,
    )


def _db(mean_square: float) -> float:
    return float(10 * np.log10(max(mean_square, 1e-30)))
