"""Rendering many soundscapes to shards of features, labels by construction and the teachers' opinions."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from monitor.types import RATE_HZ
from training.features import clip_features
from training.mixture.plan import Part, Plan, Planner, Row
from training.mixture.render import Renderer, Soundscape
from training.mixture.sources import AudioStore, Source
from training.teachers import Ensemble

LEAD_S = 1
"""Lead-in that is rendered, heard by the loudness, and left out, s."""
CLIPS_A_SHARD = 32


class Generator:
    """Renders soundscapes, hears them with the node's features, and asks the teachers."""

    def __init__(self, sources: list[Source], rows: list[Row], store: AudioStore, ensemble: Ensemble) -> None:
        self.planner = Planner(sources, rows)
        self.renderer = Renderer(store)
        self.ensemble = ensemble

    def shard(self, index: int, seconds: int, seed: int) -> dict[str, NDArray[np.generic]]:
        """Render shard `index` of soundscapes of `seconds`; the same seed gives the same clips."""
        rngs = [np.random.default_rng([seed, index, clip]) for clip in range(CLIPS_A_SHARD)]
        n = (seconds + LEAD_S) * RATE_HZ
        return self._hear(self.renderer.render(self.planner.draw(rng), n, rng) for rng in rngs)

    def recordings(
        self, sources: list[Source], seconds: int, seed: int, level_dba: float = float("nan")
    ) -> dict[str, NDArray[np.generic]]:
        """Recordings as they are (tiled or cropped, nothing mixed in), about their own level or at one, to validate."""
        n = (seconds + LEAD_S) * RATE_HZ

        def plain() -> Iterator[Soundscape]:
            for number, source in enumerate(sources):
                rng = np.random.default_rng([seed, number])
                part = Part(source.file, source.events, float(rng.normal(0, 3)), True, source.ambience)
                yield self.renderer.render(Plan("plain", source.scene, 1.0, level_dba, (part,)), n, rng)

        origin = np.array([source.origin for source in sources], dtype="U80")
        return self._hear(plain()) | {"origin": origin}

    def _hear(self, soundscapes: Iterator[Soundscape]) -> dict[str, NDArray[np.generic]]:
        mels, loudness, labels = [], [], []
        for soundscape in soundscapes:
            mel, sone = clip_features(soundscape.pressure_pa, LEAD_S * RATE_HZ)
            mels.append(mel)
            loudness.append(sone.astype(np.float16))
            labels.append(soundscape)
        opinions = [self.ensemble.ask(np.stack(mels[i : i + 4])) for i in range(0, len(mels), 4)]
        return {
            "mel": np.stack(mels).astype(np.float16),
            "loudness": np.stack(loudness),
            "teacher_scene": np.concatenate([opinion.scene for opinion in opinions]),
            "teacher_event": np.concatenate([opinion.event for opinion in opinions]),
            "teacher_affect": np.concatenate([opinion.affect for opinion in opinions]),
            "teacher_embedding": np.concatenate([opinion.embedding for opinion in opinions]).astype(np.float16),
            "heard": np.stack([label.heard for label in labels]),
            "scene": np.array([label.scene for label in labels], dtype=np.int8),
            "confidence": np.array([label.confidence for label in labels], dtype=np.float32),
            "closed": np.array([label.closed for label in labels]),
            "level_dba": np.array([label.level_dba for label in labels], dtype=np.float32),
            "kind": np.array([label.kind for label in labels], dtype="U10"),
        }
