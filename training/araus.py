"""The ARAUS data set as published: label files, and a check of the audio folder against them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monitor.types import EVENTS, PAQ, SCENES, FloatArray

SPLITS = {"train": "training_set", "validation": "validation_set", "test": "test_set"}
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg")


class ArausError(ValueError):
    """Label files or audio that do not fit, said in one sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of one split, row by row."""

    ids: list[str]
    scene: list[str]
    events: list[frozenset[str]]
    iso: FloatArray
    """Shape (n, 2): ISO pleasantness and eventfulness, -1..1."""
    paq: FloatArray
    """Shape (n, 8), order PAQ, 1..5."""

    def __len__(self) -> int:
        return len(self.ids)

    def targets(self) -> dict[str, FloatArray]:
        """Scene (n, 3) and events (n, 15) as indicators, and affect (n, 10): ISOP, ISOE, eight PAQ."""
        scene = np.array([[float(label == name) for name in SCENES] for label in self.scene])
        event = np.array([[float(name in labels) for name in EVENTS] for labels in self.events])
        return {"scene": scene, "event": event, "affect": np.concatenate([self.iso, self.paq], axis=1)}


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise ArausError(f"{path}: no such file; the label files of the ARAUS data set belong into one folder.")
    return path.read_text(encoding="utf-8").splitlines()


def read_labels(folder: Path, split: str) -> Labels:
    """Read the five label files of a split ("train", "validation", "test"); raises ArausError naming file and line."""
    if split not in SPLITS:
        raise ArausError(f"split {split!r}: one of {', '.join(SPLITS)} expected.")
    prefix = SPLITS[split]
    files = {
        kind: folder / f"{prefix}_{kind}.txt"
        for kind in ("audio_file_ids", "acoustic_scene_labels", "audio_event_labels", "ISOP_ISOE", "PAQ_8D_AQs")
    }
    texts = {kind: _lines(path) for kind, path in files.items()}
    count = len(texts["audio_file_ids"])
    for kind, lines in texts.items():
        if len(lines) != count:
            raise ArausError(f"{files[kind]}: {count} lines expected as in the file of ids, {len(lines)} found.")
    scene = [line.strip() for line in texts["acoustic_scene_labels"]]
    events = [frozenset(line.split("\t")) - {""} for line in texts["audio_event_labels"]]
    for number, (label, names) in enumerate(zip(scene, events, strict=True), start=1):
        if label not in SCENES:
            raise ArausError(f"{files['acoustic_scene_labels']}, line {number}: unknown scene {label!r}.")
        if unknown := names - set(EVENTS):
            raise ArausError(f"{files['audio_event_labels']}, line {number}: unknown event {sorted(unknown)[0]!r}.")
    return Labels(
        ids=[line.strip() for line in texts["audio_file_ids"]],
        scene=scene,
        events=events,
        iso=_numbers(files["ISOP_ISOE"], texts["ISOP_ISOE"], 2),
        paq=_numbers(files["PAQ_8D_AQs"], texts["PAQ_8D_AQs"], len(PAQ)),
    )


def _numbers(path: Path, lines: list[str], columns: int) -> FloatArray:
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = [float(word) for word in line.split()]
        except ValueError as error:
            raise ArausError(f"{path}, line {number}: {error}.") from error
        if len(row) != columns:
            raise ArausError(f"{path}, line {number}: {columns} numbers expected, {len(row)} found.")
        rows.append(row)
    return np.array(rows, dtype=np.float64).reshape(len(lines), columns)


def find_audio(folder: Path) -> dict[str, Path]:
    """Audio files below a folder by id (the name without its ending)."""
    if not folder.is_dir():
        raise ArausError(f"{folder}: no such folder; give the one that holds the ARAUS recordings.")
    files = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in AUDIO_SUFFIXES)
    return {path.stem: path for path in files}
