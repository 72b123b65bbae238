"""A tiny data set in ARAUS format, and a tiny folder of recordings with a manifest, both made by code."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

SECONDS = 4.0
RATE_HZ = 16_000
COUNTS = {"training": 6, "validation": 4, "test": 4}
SCENES = ("park", "street_traffic", "public_square")
EVENTS = {"park": "Bird\tAnimal", "street_traffic": "Traffic\tVehicle\tSounds of things", "public_square": "Speech"}


@dataclass(frozen=True)
class Araus:
    labels: Path
    audio: Path


@pytest.fixture(scope="session")
def araus(tmp_path_factory: pytest.TempPathFactory) -> Araus:
    """Noise clips whose level and colour follow the scene, with label files as published."""
    root = tmp_path_factory.mktemp("araus")
    labels, audio = root / "labels", root / "audio" / "fold_0"
    labels.mkdir()
    audio.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in COUNTS.items():
        columns: dict[str, list[str]] = {"ids": [], "scene": [], "event": [], "iso": [], "paq": []}
        for i in range(count):
            scene = SCENES[i % 3]
            name = f"fold_0_participant_{split}_{i}"
            noise = rng.standard_normal(int(SECONDS * RATE_HZ)) * 10 ** (-2 + 0.3 * (i % 3))
            soundfile.write(audio / f"{name}.wav", np.stack([noise, noise], axis=1), RATE_HZ, subtype="FLOAT")
            paq = rng.integers(1, 6, 8)
            p, e, ch, v, u, ca, a, m = paq
            half = np.sqrt(0.5)
            isop = ((p - a) + half * (ca - ch) + half * (v - m)) / (4 + np.sqrt(32))
            isoe = ((e - u) + half * (ch - ca) + half * (v - m)) / (4 + np.sqrt(32))
            for key, text in (("ids", name), ("scene", scene), ("event", EVENTS[scene])):
                columns[key].append(text)
            columns["iso"].append(f"{isop:.18e} {isoe:.18e}")
            columns["paq"].append(" ".join(f"{x:.18e}" for x in paq))
        files = {"ids": "audio_file_ids", "scene": "acoustic_scene_labels", "event": "audio_event_labels"}
        files |= {"iso": "ISOP_ISOE", "paq": "PAQ_8D_AQs"}
        for key, kind in files.items():
            (labels / f"{split}_set_{kind}.txt").write_text("\n".join(columns[key]) + "\n")
    return Araus(labels, audio.parent)


RECORDINGS = (
    # name, events, scene, label, licence class, origin, seconds
    ("street", "Traffic", "street_traffic", "traffic", "free", "a", 9),
    ("square", "Human sounds;Environment and background", "public_square", "market square", "free", "b", 9),
    ("park", "Bird;Outside, rural or natural", "park", "park with birds", "repo", "c", 9),
    ("speech", "Speech", "", "read speech", "free", "d", 3),
    ("dog", "Animal", "", "dog", "free", "e", 1),
    ("stream", "Water", "", "stream", "repo", "f", 9),
    ("music", "Music", "", "folk song", "free", "g", 9),
    ("gust", "Wind", "", "wind", "free", "h", 9),
    ("bell", "Sounds of things", "", "bell", "free", "i", 2),
    ("locked", "Bird", "park", "birds", "nc", "j", 9),
    ("barred", "Traffic", "street_traffic", "road", "nc", "k", 9),
    ("private", "Speech", "public_square", "crowd", "nc", "l", 9),
)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recordings with a manifest."""
    root = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(1)
    fields = ("file", "events", "scene", "seconds", "label", "licence_class", "origin_id", "setting", "label_quality")
    with (root / "manifest.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, fields)
        writer.writeheader()
        for name, events, scene, label, licence, origin, seconds in RECORDINGS:
            soundfile.write(root / f"{name}.wav", 0.05 * rng.standard_normal(seconds * 32_000), 32_000, subtype="FLOAT")
            row = (f"{name}.wav", events, scene, seconds, label, licence, origin, "outdoor", "curated")
            writer.writerow(dict(zip(fields, row, strict=True)))
    return root
