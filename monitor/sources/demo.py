"""A scene that the project makes itself, for nodes without a microphone: from a park to a street and back, for ever."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from monitor.sources import demo_sounds as sounds
from monitor.sources.calibration import CalibrationState
from monitor.sources.contract import Source
from monitor.sources.pacing import Pacer
from monitor.types import RATE_HZ, TRAINING_FULL_SCALE_PA, AudioBlock, Float32Array, FloatArray, Gap, readonly

WALK_S = (0.0, 70.0, 170.0, 240.0, 280.0)
"""Start of the walk; it leaves the park, reaches the street, turns back, and is in the park again, s."""
PROGRESS = (0.0, 0.0, 1.0, 1.0, 0.0)
"""0 in the park, 1 in the street, at the times of WALK_S."""
BLOCK = RATE_HZ // 10


@dataclass(frozen=True, slots=True, eq=False)
class _Sound:
    start_sample: int
    pressure_pa: Float32Array


class DemoSource(Source):
    """The demo scene in Pa, about 48 dB(A) in the park and 66 dB(A) in the street.

    seed: the same seed gives the same sound, to the last bit. realtime: hand sound on when it would have
    been heard, else at once. why: why there is no microphone, told in `state`.
    """

    live = False
    degraded = False
    exhausted = False

    def __init__(self, *, realtime: bool = True, seed: int = 1, why: str | None = None) -> None:
        self.calibration = CalibrationState(
            TRAINING_FULL_SCALE_PA, False, "assumed", "uncalibrated: a demo scene, synthesised"
        )
        self.counters, self.faults = {}, []
        self._pacer = Pacer(realtime)
        self._seed = seed
        self._state = "demo scene, synthesised" + (f", since {why}" if why else "")
        rng = np.random.default_rng(seed)
        self._hum, self._gust, self._leaves, self._near, self._far = (
            sounds.noise(rng, sounds.LOOP + extra, spectrum)
            for spectrum, extra in (  # lengths with small factors: a quick FFT
                (sounds.CITY_HUM, 4_912),
                (sounds.GUST, 13_536),
                (sounds.LEAVES, 15_712),
                (sounds.TYRES, 0),
                (sounds.TYRES_FAR, 0),
            )
        )
        self._gravel, self._pavement = (
            sounds.noise(rng, RATE_HZ, spectrum) for spectrum in (sounds.GRAVEL, sounds.PAVEMENT)
        )
        self._talk = sounds.murmur(rng, 13 * RATE_HZ)
        self._gusts = rng.uniform(0, 2 * np.pi, 4)
        self._playing: list[_Sound] = []
        self._second = 0
        self._pending: deque[AudioBlock] = deque()

    @property
    def state(self) -> str:
        """Say that nothing real is heard."""
        return self._state

    @property
    def last_observation(self) -> tuple[int, float] | None:
        """The latest sample that passed in real time."""
        return self._pacer.last_observation

    def read(self, timeout_s: float) -> AudioBlock | Gap | None:
        """Return the next 100 ms; None when they are not due within the timeout."""
        if not self._pending:
            self._synthesise()
        if not self._pacer.wait(self._pending[0].end_sample, timeout_s):
            return None
        return self._pending.popleft()

    def close(self) -> None:
        """End waiting."""
        self._pacer.close()

    def _synthesise(self) -> None:
        start = self._second * RATE_HZ
        self._begin_sounds(np.random.default_rng((self._seed, self._second)))
        pressure = self._beds(start)
        for sound in self._playing:
            first = max(start, sound.start_sample)
            piece = sound.pressure_pa[first - sound.start_sample : start + RATE_HZ - sound.start_sample]
            pressure[first - start : first - start + len(piece)] += piece
        self._second += 1
        end = self._second * RATE_HZ
        self._playing = [s for s in self._playing if s.start_sample + len(s.pressure_pa) > end]
        for at in range(0, RATE_HZ, BLOCK):
            self._pending.append(AudioBlock(start + at, readonly(pressure[at : at + BLOCK].copy())))

    def _progress(self, second: float) -> float:
        x = float(np.interp(second % WALK_S[-1], WALK_S, PROGRESS))
        return x * x * (3 - 2 * x)

    def _beds(self, start: int) -> FloatArray:
        """Return the sounds that are always there: hum, wind in the trees, people talking."""
        seconds = start / RATE_HZ + np.arange(11) / 10
        p = np.array([self._progress(s) for s in seconds])
        a, b, c, d = self._gusts
        gust = np.sin(seconds / 3.1 + a) + np.sin(seconds / 7.3 + b) + 0.7 * np.sin(seconds / 17.9 + c)
        people = np.sin(seconds / 23 + d)
        place = np.arange(start, start + RATE_HZ)
        out = np.zeros(RATE_HZ)
        for table, level_db in (
            (self._hum, 43.5 + 14 * p),
            (self._gust, 50 + 4 * gust - 4 * p),
            (self._leaves, 38 + 3.5 * gust - 9 * p),
            (self._talk, 35 + 4 * people + 12 * np.sin(np.pi * np.clip(p * 1.1, 0, 1)) + 8 * p),
        ):
            out += sounds.curve(sounds.pascal(0) * 10 ** (level_db / 20), BLOCK) * np.take(table, place, mode="wrap")
        return out

    def _begin_sounds(self, rng: np.random.Generator) -> None:
        """Add the sounds that begin in this second."""
        p = self._progress(self._second)

        def begin(pressure: Float32Array, level_db: float) -> None:
            start = self._second * RATE_HZ + int(rng.integers(RATE_HZ))
            self._playing.append(_Sound(start, pressure * np.float32(sounds.pascal(level_db))))

        if rng.random() < 0.6 - 0.5 * p:
            bird = sounds.BIRDS[rng.choice(5, p=[0.3, 0.2, 0.15, 0.25, 0.1])]
            begin(sounds.bird_phrase(rng, bird), rng.uniform(46, 60) - 2 * p)
        if rng.random() < 0.05:
            ground = self._gravel if p < 0.4 else self._pavement
            begin(sounds.walker(rng, ground, rng.uniform(9, 16)), rng.uniform(57, 64))
        if rng.random() < 0.03 + 0.15 * p:
            distance = float(np.exp(np.interp(p, (0, 1), np.log((130, 8))))) * rng.uniform(0.9, 1.2)
            passing = sounds.car(rng, self._near, self._far, distance, rng.uniform(9, 15))
            begin(passing, rng.normal(72.0, 2.0) - 9 * (1 - p))
