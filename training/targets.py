"""Soft targets of a soundscape: what is certain by construction, joined with the teachers' opinions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.types import EVENTS, SCENES
from training.mixture.render import AUDIBLE_DB
from training.teachers import scene_target

Array = NDArray[np.float32]
SCENE_PRIOR = (0.293, 0.276, 0.431)
"""Shares of the scenes in the training rows of ARAUS, order SCENES."""
UNTOLD = ("Outside, rural or natural", "Environment and background")
"""Events that no single source decides: left to the teachers."""
TELLING = ("Silence", "Wind", "Water", "Music", "Noise")
"""Events that a recording's labels name if they are there: otherwise absent even in an ambience."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Targets of n clips."""

    scene: Array
    """Shape (n, 3), sums to 1."""
    event: Array
    """Shape (n, 15), probabilities."""
    affect: Array
    """Shape (n, 10): ISOP, ISOE, eight PAQ."""
    scene_weight: Array
    """Shape (n,): brings the mean scene target to the prior."""


def soft_targets(shard: dict[str, NDArray[np.generic]]) -> Targets:
    """Targets from the arrays that the mixture generator writes."""
    scene = scene_target(np.asarray(shard["teacher_scene"], dtype=np.float32))
    known = np.asarray(shard["scene"], dtype=np.int64)
    confidence = np.where(known >= 0, np.asarray(shard["confidence"], dtype=np.float32), 0.0)[:, None]
    built = np.full_like(scene, 0.05)
    built[np.arange(len(known)), known] = np.where(known >= 0, 0.9, 0.05)
    scene = np.asarray((1 - confidence) * scene + confidence * built, dtype=np.float32)
    weight = (scene * (np.array(SCENE_PRIOR) / scene.mean(axis=0))).sum(axis=1)
    event = np.asarray(shard["teacher_event"], dtype=np.float32).mean(axis=1)
    return Targets(
        scene=scene,
        event=_events(event, np.asarray(shard["heard"]), np.asarray(shard["closed"])),
        affect=np.asarray(shard["teacher_affect"], dtype=np.float32).mean(axis=1),
        scene_weight=weight.astype(np.float32),
    )


def _events(teachers: Array, heard: NDArray[np.generic], closed: NDArray[np.generic]) -> Array:
    told = np.array([event not in UNTOLD for event in EVENTS])
    telling = np.array([event in TELLING for event in EVENTS])
    level = np.asarray(heard, dtype=np.float32)
    absent = (level < -90) & told & (np.asarray(closed)[:, None] | telling)
    event = np.where(absent, 0.4 * teachers, teachers)
    event = np.where((level >= AUDIBLE_DB) & told, np.maximum(event, 0.92), event)
    faint = (level >= AUDIBLE_DB - 8) & (level < AUDIBLE_DB) & told
    return np.asarray(np.where(faint, np.maximum(event, 0.6), event), dtype=np.float32)


assert len(SCENE_PRIOR) == len(SCENES)
