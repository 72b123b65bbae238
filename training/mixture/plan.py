"""What a soundscape is to hold: a scene and events drawn from the ARAUS rows, a bed, sources, levels."""

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from monitor.types import SCENES
from training.mixture.sources import Source, SourceError, imply
from training.mixture.synthesis import SYNTHESISERS

Row = tuple[str, frozenset[str]]
"""Scene and events of one ARAUS stimulus."""

KINDS = {"scene": 0.44, "recording": 0.34, "pair": 0.12, "single": 0.07, "quiet": 0.03}
"""Shares of the kinds of soundscape: a composed scene, one recording, two sources, one source, near silence."""
LEVEL_DBA = {"park": (50.5, 6.5), "public_square": (57.5, 6.0), "street_traffic": (63.0, 6.0), "": (55.0, 8.0)}
"""LAeq of a soundscape, mean and SD, dB; with the spread of ARAUS (loudness 10.2 +- 4.7 sone) or somewhat wider."""
CONFIDENCE = {"scene": 0.3, "named": 0.42, "implied": 0.25}
"""Weight of the scene by construction against the teachers': composed, a recording's own label, read from its title."""
_SCENE_OF = {
    "street_traffic": r"traffic|\bcity\b|car engine|street|buss?es|siren|road|construction|highway",
    "public_square": r"crowd|market|plaza|square|restaurant|children|applause|bells|bar |fountain|station",
    "park": r"forest|birds?\b|outdoor ambience|leaves|farm|owls|park|waterfall|field recorder|acoustic monitoring|"
    r"frogs|crickets|hens|sheep|night ambience|meadow|garden|stream|creek|nature",
}
"""Labels that make a recording a bed for a scene although its row names none."""
SYNTHETIC = {"Wind": 0.5, "Noise": 0.5, "Bird": 0.1}
"""Share of the sources of an event that are synthesised, where they can be; 0.2 for the others."""
PLACEABLE = ("Speech", "Human sounds", "Wind", "Water", "Traffic", "Sounds of things", "Vehicle", "Bird", "Music",
             "Noise", "Animal", "Natural sounds")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One source in a soundscape."""

    name: str
    """File of a recording, or the name of a synthesiser."""
    events: frozenset[str]
    level_db: float
    """A-weighted level relative to the bed."""
    bed: bool
    ambience: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A soundscape before it is rendered."""

    kind: str
    scene: str | None
    """The scene it was built for; None where it shows none."""
    confidence: float
    """How far the scene is certain by construction, 0 to 1."""
    level_dba: float
    """LAeq, dB; NaN for the level of the file on the training scale, changed by the part's own."""
    parts: tuple[Part, ...]


class Planner:
    """Draws plans from source recordings and ARAUS rows."""

    def __init__(self, sources: list[Source], rows: list[Row]) -> None:
        self.sources = sources
        self.rows = rows
        self.by_event: dict[str, list[list[Source]]] = defaultdict(list)
        grouped: dict[str, dict[str, list[Source]]] = defaultdict(lambda: defaultdict(list))
        beds: dict[str, dict[str, list[Source]]] = {scene: defaultdict(list) for scene in SCENES}
        for source in sources:
            family = re.sub(r"[0-9]+", "", source.label) if source.label.startswith(("ESC", "GRID")) else source.origin
            for event in source.events:
                grouped[event][family].append(source)
            for scene in self.bed_scenes(source):
                beds[scene][source.label].append(source)
        for event, families in grouped.items():
            self.by_event[event] = list(families.values())
        self.beds = {scene: list(families.values()) for scene, families in beds.items()}
        if sources and (bare := [scene for scene, families in self.beds.items() if not families]):
            raise SourceError(f"recordings: none of {len(sources)} is of a {bare[0]} or can stand for one; add some.")
        places: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            if source.seconds >= 7 and source.setting == "outdoor":
                places[source.label].append(source)
        self.places = list(places.values())

    @staticmethod
    def bed_scenes(source: Source) -> list[str]:
        """The scenes that a recording can be the bed of."""
        if source.scene:
            return [source.scene]
        if source.seconds < 7 or source.setting == "studio" or source.label.startswith("ESC"):
            return []
        return [scene for scene, pattern in _SCENE_OF.items() if re.search(pattern, source.label, re.IGNORECASE)]

    def draw(self, rng: np.random.Generator) -> Plan:
        """Draw one plan."""
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        return getattr(self, f"_{kind}")(rng)  # type: ignore[no-any-return]

    def _level(self, scene: str | None, rng: np.random.Generator) -> float:
        mean, spread = LEVEL_DBA[scene or ""]
        return float(np.clip(rng.normal(mean, spread), 36, 86))

    def _pick(self, families: list[list[Source]], rng: np.random.Generator) -> Source:
        family = families[rng.integers(len(families))]
        return family[rng.integers(len(family))]

    def _part(self, source: Source, level_db: float, bed: bool = False) -> Part:
        return Part(source.file, source.events, level_db, bed, source.ambience)

    def _event_part(self, event: str, level_db: float, rng: np.random.Generator, outdoors: bool = False) -> Part:
        synthetic = [name for name, (_, events) in SYNTHESISERS.items() if event in events]
        if event not in self.by_event or (synthetic and rng.random() < SYNTHETIC.get(event, 0.2)):
            name = synthetic[rng.integers(len(synthetic))] if synthetic else "noise"
            return Part(name, imply(SYNTHESISERS[name][1]), level_db, False, False)
        pick = self._pick(self.by_event[event], rng)
        while outdoors and pick.setting == "indoor" and rng.random() < 0.85:
            pick = self._pick(self.by_event[event], rng)
        return self._part(pick, level_db)

    def _scene(self, rng: np.random.Generator) -> Plan:
        scene, events = self.rows[rng.integers(len(self.rows))]
        parts = getattr(self, f"_{scene}")(rng)
        wanted = [event for event in PLACEABLE if event in events]
        if scene == "park":  # a park with a road through it is a street to those who were asked
            wanted = [event for event in wanted if event not in ("Traffic", "Vehicle", "Noise") or rng.random() < 0.3]
        if scene == "street_traffic":
            wanted = [event for event in wanted if event in ("Traffic", "Vehicle", "Noise") or rng.random() < 0.6]
        count = min(len(wanted), int(rng.choice([0, 1, 2, 3], p=[0.2, 0.4, 0.27, 0.13])))
        for event in rng.choice(wanted, count, replace=False) if count else ():
            road = event in ("Traffic", "Vehicle") and scene == "park"
            level = rng.uniform(-14, -4) if road else rng.uniform(-12, 6)
            parts.append(self._event_part(str(event), level, rng, outdoors=True))
        return Plan("scene", scene, CONFIDENCE["scene"], self._level(scene, rng), tuple(parts))

    def _beds(self, scene: str, count: int, rng: np.random.Generator) -> list[Part]:
        return [self._part(self._pick(self.beds[scene], rng), rng.uniform(-6, 2), bed=True) for _ in range(count)]

    def _park(self, rng: np.random.Generator) -> list[Part]:
        return self._beds("park", 1 + int(rng.random() < 0.35), rng)

    def _street_traffic(self, rng: np.random.Generator) -> list[Part]:
        count = int(rng.choice([0, 1, 2], p=[0.2, 0.5, 0.3]))
        vehicles = max(1 - count, int(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15])))
        names = rng.choice(["Traffic", "Vehicle"], vehicles, p=[0.65, 0.35])
        passing = [self._event_part(str(name), rng.uniform(-5, 5), rng, outdoors=True) for name in names]
        return self._beds("street_traffic", count, rng) + passing

    def _public_square(self, rng: np.random.Generator) -> list[Part]:
        count = int(rng.choice([0, 1, 2], p=[0.25, 0.5, 0.25]))
        voices = int(rng.integers(3, 9)) if count == 0 else int(rng.integers(0, 5))
        people = [self._event_part("Speech", rng.uniform(-9, 2), rng) for _ in range(voices)]
        if rng.random() < 0.3:
            people.append(self._event_part("Human sounds", rng.uniform(-10, 0), rng, outdoors=True))
        return self._beds("public_square", count, rng) + people

    def _recording(self, rng: np.random.Generator) -> Plan:
        if rng.random() < 0.6:
            scene: str | None = SCENES[rng.choice(3, p=[0.3, 0.28, 0.42])]
            source = self._pick(self.beds[str(scene)], rng)
        else:
            source = self._pick(self.places, rng)
            scene = source.scene or next(iter(self.bed_scenes(source)), None)
        confidence = CONFIDENCE["named" if source.scene else "implied"] if scene else 0.0
        natural = rng.random() < 0.3
        level = np.nan if natural else self._level(scene, rng) + rng.normal(0, 2)
        part = self._part(source, float(rng.normal(0, 3)), bed=True)
        return Plan("recording", scene, confidence, float(level), (part,))

    def _pair(self, rng: np.random.Generator) -> Plan:
        first, second = rng.choice(PLACEABLE, 2, replace=False)
        parts = (self._event_part(first, 0.0, rng), self._event_part(second, rng.uniform(-12, 6), rng))
        return Plan("pair", None, 0.0, self._level(None, rng), parts)

    def _single(self, rng: np.random.Generator) -> Plan:
        return Plan(
            "single", None, 0.0, self._level(None, rng), (self._event_part(str(rng.choice(PLACEABLE)), 0.0, rng),)
        )

    def _quiet(self, rng: np.random.Generator) -> Plan:
        bed = self._part(self._pick(self.beds["park"], rng), 0.0, bed=True)
        return Plan("quiet", None, 0.0, float(rng.uniform(22, 36)), (bed,))
