"""Features of the ARAUS recordings on disk: one mapped array a split, written once, resumable."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor.dsp.loudness import loudness
from monitor.dsp.mel import HOP, MEL_RATE_HZ, log_mel
from monitor.dsp.resample import resample
from monitor.types import LOUDNESS_STEP, RATE_HZ, TRAINING_FULL_SCALE_PA
from training.araus import ArausError

Array = NDArray[np.float16]
CLIPS_A_SAVE = 256
"""Clips after which `done.npy` is written again: what a killed run may lose."""


def file_features(path: Path, seconds: float) -> tuple[Array, Array]:
    """Log-mel (100 s + 1, 64) and loudness (500 s,) of a file, cut or repeated to `seconds`.

    Log-mel straight from the file's own rate: the filter of the published features is exact from 44.1 kHz.
    Raises ArausError for a file that cannot be read.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise ArausError(f"{path}: not readable as sound: {error}.") from error
    mono = samples.mean(axis=1)
    if not len(mono) or not np.isfinite(mono).all():
        raise ArausError(f"{path}: empty, or samples that are not finite.")
    wanted = round(seconds * rate)
    mono = np.tile(mono, -(-wanted // len(mono)))[:wanted]
    mel = log_mel(mono, rate)
    sone = loudness(resample(mono, rate, RATE_HZ) * TRAINING_FULL_SCALE_PA, field="free")
    frames, steps = frame_counts(seconds)
    return mel[:frames].astype(np.float16), _to(sone, steps).astype(np.float16)


def _to(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return np.pad(values, (0, max(0, count - len(values))), mode="edge")[:count]


def frame_counts(seconds: float) -> tuple[int, int]:
    """Log-mel frames and loudness values of a clip."""
    return 1 + round(seconds * MEL_RATE_HZ) // HOP, round(seconds * RATE_HZ) // LOUDNESS_STEP


class FeatureCache:
    """Log-mel and loudness of the clips of a split, in the order of their labels."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "done.npy").is_file():
            raise ArausError(f"{folder}: no feature cache; run `python -m training features` first.")
        self.mel: Array = np.load(folder / "mel.npy", mmap_mode="r")
        self.loudness: Array = np.load(folder / "loudness.npy", mmap_mode="r")
        self.done: NDArray[np.bool_] = np.load(folder / "done.npy")

    @classmethod
    def write(
        cls,
        folder: Path,
        files: list[Path | None],
        seconds: float,
        workers: int = 1,
        tick: Callable[[], None] = lambda: None,
    ) -> "FeatureCache":
        """Compute what is not there yet; `files` in label order, None where a recording is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        frames, steps = frame_counts(seconds)
        done_path = folder / "done.npy"
        shapes = {"mel": (len(files), frames, 64), "loudness": (len(files), steps)}
        fresh = not done_path.is_file()
        arrays = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+" if fresh else "r+", np.float16, shape)
            for name, shape in shapes.items()
        }
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise ArausError(
                    f"{folder}: made for {arrays[name].shape[0]} clips of another length; remove it first."
                )
        done = np.zeros(len(files), dtype=bool) if fresh else np.load(done_path)

        def save() -> None:
            for array in arrays.values():
                array.flush()
            np.save(folder / "done.partial.npy", done)
            (folder / "done.partial.npy").replace(done_path)

        save()
        todo = [(i, path) for i, path in enumerate(files) if path is not None and not done[i]]
        with ProcessPoolExecutor(workers) as pool:
            results = pool.map(file_features, [path for _, path in todo], [seconds] * len(todo), chunksize=4)
            try:
                for number, ((i, _), (mel, sone)) in enumerate(zip(todo, results, strict=True), start=1):
                    arrays["mel"][i], arrays["loudness"][i], done[i] = mel, sone, True
                    if number % CLIPS_A_SAVE == 0:
                        save()
                    tick()
            finally:
                save()
        return cls(folder)
