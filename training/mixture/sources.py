"""Real recordings as source material: the manifest, licences, splits, and a decoded store at 48 kHz."""

import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from monitor.types import EVENTS, RATE_HZ, SCENES

TRAINING_LICENCES = frozenset({"free", "repo"})
"""Licence classes that may train weights which are shipped; all others only ever validate."""
HOLDOUT_PERCENT = 10
"""Share of the training-class origins that is kept for validation, %; places are too few to keep any back."""
CLOSURE = {
    "Bird": ("Animal",),
    "Speech": ("Human sounds",),
    "Water": ("Natural sounds",),
    "Wind": ("Natural sounds",),
    "Traffic": ("Vehicle", "Sounds of things"),
    "Vehicle": ("Sounds of things",),
}
"""Events that imply others, as in the ontology that the ARAUS event labels follow."""


class SourceError(ValueError):
    """Source material that cannot be used, said in one sentence."""


@dataclass(frozen=True, slots=True)
class Source:
    """One recording, as its manifest row describes it."""

    file: str
    events: frozenset[str]
    scene: str | None
    label: str
    seconds: float
    licence_class: str
    origin: str
    setting: str
    quality: str

    @property
    def held_out(self) -> bool:
        """True for validation: another licence class, or one of the origins drawn (by hash) for the holdout."""
        digest = int(hashlib.sha256(self.origin.encode()).hexdigest()[:8], 16)
        drawn = digest % 100 < HOLDOUT_PERCENT and not self.ambience
        return drawn or self.licence_class not in TRAINING_LICENCES

    @property
    def ambience(self) -> bool:
        """True for a recording of a place: what its labels do not list may be heard all the same."""
        return self.scene is not None or bool(self.events & {"Environment and background", "Outside, rural or natural"})


def imply(events: Iterable[str]) -> frozenset[str]:
    """Add the events that the given ones imply."""
    listed = set(events)
    return frozenset(listed.union(*(CLOSURE.get(event, ()) for event in listed)))


def read_manifest(folder: Path) -> list[Source]:
    """Read manifest.csv of an audio folder; raises SourceError naming the row at fault."""
    path = folder / "manifest.csv"
    if not path.is_file():
        raise SourceError(f"{path}: no such file; give the folder that holds manifest.csv and the recordings.")
    sources = []
    with path.open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                events = [event for event in row["events"].split(";") if event]
                scene = row["scene"] or None
                if unknown := set(events) - set(EVENTS) | ({scene} - set(SCENES) if scene else set()):
                    raise SourceError(f"{path}, line {number}: unknown label {sorted(unknown)[0]!r}.")
                sources.append(
                    Source(
                        file=row["file"],
                        events=imply(events),
                        scene=scene,
                        label=row["label"],
                        seconds=float(row["seconds"]),
                        licence_class=row["licence_class"],
                        origin=row["origin_id"],
                        setting=row["setting"],
                        quality=row["label_quality"],
                    )
                )
            except KeyError as error:
                raise SourceError(f"{path}: column {error} is missing.") from error
    return sources


def split(sources: list[Source], *, held_out: bool) -> list[Source]:
    """The sources that train, or those that validate; an origin that trains never validates under another licence."""
    training = [source for source in sources if not source.held_out]
    if not held_out:
        return training
    trained = {source.origin for source in training}
    return [source for source in sources if source.held_out and source.origin not in trained]


class AudioStore:
    """Decoded recordings at 48 kHz in one float16 file that is mapped, not read."""

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / "index.json").read_text())
        self._spans: dict[str, list[int]] = index["spans"]
        self._samples = np.memmap(folder / "samples.f16", dtype=np.float16, mode="r")

    def read(self, file: str) -> NDArray[np.float32]:
        """All samples of a recording, full scale 1.0, shape (n,)."""
        start, end = self._spans[file]
        return np.asarray(self._samples[start:end], dtype=np.float32)

    @classmethod
    def open(cls, folder: Path, audio: Path, sources: list[Source]) -> "AudioStore":
        """Open the store, decoding the recordings first where it does not exist yet or holds others."""
        index = folder / "index.json"
        if not index.is_file() or json.loads(index.read_text())["spans"].keys() != {one.file for one in sources}:
            folder.mkdir(parents=True, exist_ok=True)
            index.unlink(missing_ok=True)
            spans, position = {}, 0
            with (folder / "samples.f16").open("wb") as out:
                for source in sources:
                    samples = decode(audio / source.file)
                    out.write(samples.astype(np.float16).tobytes())
                    spans[source.file] = [position, position + len(samples)]
                    position += len(samples)
            index.write_text(json.dumps({"rate_hz": RATE_HZ, "spans": spans}))
        return cls(folder)


def decode(path: Path) -> NDArray[np.float32]:
    """Decode a recording to one channel at 48 kHz, full scale 1.0, mean removed; raises SourceError."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise SourceError(f"{path}: not readable as sound: {error}.") from error
    mono = samples.mean(axis=1)
    divisor = int(np.gcd(rate, RATE_HZ))
    resampled = resample_poly(mono, RATE_HZ // divisor, rate // divisor) if rate != RATE_HZ else mono
    return np.asarray(resampled - resampled.mean(), dtype=np.float32)
