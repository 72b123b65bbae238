"""Sound from files: WAV, FLAC, OGG and whatever else libsndfile reads, streamed."""

import math
from collections import deque
from collections.abc import Generator
from pathlib import Path

import numpy as np
import soundfile

from monitor.sources.calibration import CalibrationState
from monitor.sources.conditioner import FULL_SCALE_16_BIT, Channel, Conditioner
from monitor.sources.contract import BadInput, MissingInput, Source, SourceError
from monitor.sources.pacing import Pacer
from monitor.sources.truncation import cut_short
from monitor.types import FRAME_GRID, AudioBlock, Gap

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64", ".rf64")
"""Files of a folder that are taken for sound."""
RATES_HZ = (8_000, 192_000)
BLOCKS_PER_S = 10
CLIP_AT_8_BIT = 127 / 128


def sound_files(path: Path) -> list[Path]:
    """Return the file, or the sound files of the folder in name order; raises MissingInput."""
    try:
        if not path.is_dir():
            if not path.exists():
                raise MissingInput(f"There is no file or folder {path}.")
            return [path]
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in SUFFIXES and not f.name.startswith("."))
    except OSError as error:
        raise MissingInput(f"{path} cannot be read: {error.strerror}.") from None
    if not files:
        raise MissingInput(f"The folder {path} holds no sound files (looked for {', '.join(SUFFIXES)}).")
    return files


def open_sound(path: Path, channel: Channel = "mean") -> soundfile.SoundFile:
    """Open a sound file and check that it can be used; raises BadInput or MissingInput with one sentence."""
    try:
        with path.open("rb") as raw:
            if not raw.read(1):
                raise BadInput(f"{path} is empty (0 bytes).")
        sound = soundfile.SoundFile(path)
    except OSError as error:
        raise MissingInput(f"{path} cannot be read: {error.strerror}.") from None
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise BadInput(f"{path} is not a sound file that can be read ({reason}); use WAV, FLAC or OGG.") from None
    try:
        if not RATES_HZ[0] <= sound.samplerate <= RATES_HZ[1]:
            raise BadInput(
                f"{path} has {sound.samplerate} samples a second; {RATES_HZ[0]} to {RATES_HZ[1]} can be used."
            )
        if isinstance(channel, int) and channel >= sound.channels:
            raise BadInput(f"{path} has {sound.channels} channel(s); there is no channel {channel} (counted from 0).")
        _check_content(sound, path)
    except BaseException:
        sound.close()
        raise
    return sound


def _check_content(sound: soundfile.SoundFile, path: Path) -> None:
    """Refuse a file without one usable sample; leaves the file at its beginning."""
    try:
        first = sound.read(sound.samplerate // BLOCKS_PER_S, dtype="float64", always_2d=True)
        if not len(first):
            raise BadInput(f"{path} holds no sound (0 s).")
        while not np.isfinite(first).all(axis=1).any():
            first = sound.read(sound.samplerate, dtype="float64", always_2d=True)
            if not len(first):
                raise BadInput(f"{path} holds no usable sound: every sample is NaN or infinite.")
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{path} cannot be decoded ({error.error_string.rstrip('.')}).") from None
    sound.seek(0)


class AudioFileSource(Source):
    """A sound file, or the sound files of a folder in name order as one time line.

    channel: one of the file's, from 0, or the mean of all. realtime: hand sound on when it would have been heard,
    else at once; blocks are the same to the last bit. Each file of a folder starts on the frame grid, after a gap
    with the cause `alignment`. A file that cannot be used, or that breaks off, is told in `faults` and the next one
    follows; when there is nothing usable at all, the constructor raises BadInput or MissingInput.
    """

    live = False

    def __init__(
        self, path: Path, calibration: CalibrationState, *, realtime: bool = False, channel: Channel = "mean"
    ) -> None:
        self.calibration, self.counters, self.faults = calibration, {"files": 0, "non_finite": 0}, []
        self._channel = channel
        self._files = deque(sound_files(path))
        self._pacer = Pacer(realtime)
        self._pending: deque[AudioBlock | Gap] = deque()
        self._state = f"reading {path}"
        self._sound: soundfile.SoundFile | None = None
        self._items = self._all_files()
        self._fill()
        if not self._pending and self.faults:
            raise self._error

    @property
    def exhausted(self) -> bool:
        """True after the last block."""
        return not self._pending

    @property
    def state(self) -> str:
        """Which file is being read."""
        return self._state

    @property
    def degraded(self) -> bool:
        """True when something could not be read."""
        return bool(self.faults)

    @property
    def last_observation(self) -> tuple[int, float] | None:
        """None: a file's samples have nothing to do with the time of day."""
        return None

    def read(self, timeout_s: float) -> AudioBlock | Gap | None:
        """Return the next block (100 ms of the file) or gap; None when it is not due yet, or at the end."""
        if not self._pending:
            return None
        item = self._pending[0]
        if not self._pacer.wait(item.end_sample, timeout_s):
            return None
        self._pending.popleft()
        self._fill()
        return item

    def close(self) -> None:
        """Close the file."""
        self._pacer.close()
        self._items.close()
        self._pending.clear()

    def _fill(self) -> None:
        if not self._pending and (item := next(self._items, None)) is not None:
            self._pending.append(item)

    def _all_files(self) -> Generator[AudioBlock | Gap, None, None]:
        next_sample = 0
        for path in self._files:
            try:
                sound = open_sound(path, self._channel)
            except SourceError as error:
                self._note(error)
                continue
            with sound:
                self._state = f"reading {path} ({sound.samplerate} Hz, {sound.channels} channel(s))"
                if self.counters["files"]:
                    start = math.ceil(next_sample / FRAME_GRID) * FRAME_GRID
                    yield Gap(next_sample, start - next_sample, "alignment")
                    next_sample = start
                self.counters["files"] += 1
                for item in self._one_file(sound, path, next_sample):
                    self.counters["non_finite"] += isinstance(item, Gap)
                    next_sample = item.end_sample
                    yield item

    def _one_file(self, sound: soundfile.SoundFile, path: Path, start: int) -> Generator[AudioBlock | Gap, None, None]:
        conditioner = Conditioner(
            sound.samplerate,
            channel=self._channel,
            full_scale_pa=self.calibration.full_scale_pa,
            start_sample=start,
            clip_at=CLIP_AT_8_BIT if sound.subtype in ("PCM_U8", "PCM_S8") else FULL_SCALE_16_BIT,
        )
        done, broken = 0, None
        while True:
            try:
                frames = sound.read(sound.samplerate // BLOCKS_PER_S, dtype="float64", always_2d=True)
            except soundfile.LibsndfileError as error:
                broken = f"({error.error_string.rstrip('.')})"
                break
            if not len(frames):
                break
            done += len(frames)
            yield from conditioner.process(frames)
        yield from conditioner.flush()
        if broken := broken or cut_short(path, sound, done):
            self._note(
                BadInput(f"{path} breaks off at {done / sound.samplerate:.1f} s {broken}; the part before was used.")
            )

    def _note(self, error: SourceError) -> None:
        self._error = error
        self.faults.append(str(error))
