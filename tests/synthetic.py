"""Days of a place that was never there, made from a seed: for reports, dashboards and runs of synthetic days.

Each minute can be made by itself and is the same every time. A park has a dawn chorus, people in the afternoon, dogs,
children, music on weekend evenings, a leaf blower on weekday mornings; a street has rush hours and deliveries.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np
from synthetic_sounds import PARK, RUSH, STREET

from monitor.aggregate import IntervalStats
from monitor.aggregate.histogram import level_counts, loudness_counts
from monitor.aggregate.statistics import ENERGY_UNIT_PA2, LOUDNESS_UNIT_SONE, flags_of
from monitor.records import SoundEvent
from monitor.types import EVENTS, P0_PA, PAQ, THIRD_OCTAVES_HZ, FloatArray, LevelFrame, WindowPrediction

Kind = Literal["park", "street"]
FRAMES = 480
"""125 ms frames in a minute."""
STEPS = 30
"""Predictions in a minute, one every 2 s."""
MODEL = "synthetic-1"
HZ = np.array(THIRD_OCTAVES_HZ)
A_DB = (
    20
    * np.log10(
        12194**2 * HZ**4 / ((HZ**2 + 20.6**2) * np.sqrt((HZ**2 + 107.7**2) * (HZ**2 + 737.9**2)) * (HZ**2 + 12194**2))
    )
    + 2.0
)
"""A-weighting (IEC 61672-1:2013, annex E), dB."""


@dataclass(frozen=True)
class Burst:
    """One such sound: seconds since the Unix epoch of its middle, its length, and its largest level, dB(A)."""

    label: str
    colour: str
    middle_s: float
    lasts_s: float
    peak_db: float


COLOURS = {"hum": (80, 1.2), "wind": (40, 1.3), "birds": (4000, 0.6), "voices": (600, 1.0), "noise": (1000, 1.8)}
"""Spectra: middle, Hz, and width, octaves."""


@lru_cache(maxsize=4096)
def _knot(seed: int, name: str, index: int) -> float:
    return float(np.random.default_rng([seed, crc32(name.encode()), index & 0xFFFFFFFF]).normal())


def _drift(seed: int, name: str, hours: float) -> float:
    """Return slow noise of about unit size."""
    index = int(hours // 1)
    part = hours - index
    part = part * part * (3 - 2 * part)
    return (1 - part) * _knot(seed, name, index) + part * _knot(seed, name, index + 1)


def _spectrum(colour: str) -> FloatArray:
    middle, width = COLOURS[colour]
    shape = -0.5 * 12 * (np.log2(HZ / middle) / (2 * width)) ** 2
    return shape - 10 * np.log10(np.sum(10 ** ((shape + A_DB) / 10)))


SPECTRA = {colour: 10 ** (_spectrum(colour) / 10) for colour in COLOURS}
"""Energy by third octave of 0 dB(A) of each colour."""


@dataclass(frozen=True)
class Minute:
    """One minute of sound as figures; energies in Pa^2."""

    start: datetime
    kind: Kind
    colours: dict[str, FloatArray]
    """A-weighted energy by colour, shape (480,)."""
    labels: dict[str, FloatArray]
    """A-weighted energy by event label, shape (480,)."""
    flags: int = 0
    extra: dict[str, float] = field(default_factory=dict)

    @property
    def laf_pa2(self) -> FloatArray:
        """A-weighted mean square by frame, shape (480,)."""
        return np.sum(list(self.colours.values()), axis=0)

    @property
    def laf_db(self) -> FloatArray:
        return 10 * np.log10(self.laf_pa2 / P0_PA**2)

    @property
    def bands_pa2(self) -> FloatArray:
        """Third octaves by frame, shape (480, 31)."""
        return np.sum([np.outer(energy, SPECTRA[colour]) for colour, energy in self.colours.items()], axis=0)

    @property
    def n_sone(self) -> FloatArray:
        """Loudness by frame, sone, shape (480,)."""
        return 2 ** ((self.laf_db - 31) / 10)

    def event_prob(self) -> FloatArray:
        """Probability of each event every 2 s, shape (30, 15)."""
        total = self.laf_pa2.reshape(STEPS, -1).mean(axis=1)
        level = 10 * np.log10(total / P0_PA**2)
        share = {name: energy.reshape(STEPS, -1).mean(axis=1) / total for name, energy in self.labels.items()}
        prob = np.full((STEPS, len(EVENTS)), 0.02)

        def put(name: str, value: FloatArray) -> None:
            column = EVENTS.index(name)
            prob[:, column] = np.maximum(prob[:, column], value)

        for name, part in share.items():
            put(name, 1 / (1 + np.exp(-(10 * np.log10(part + 1e-9) + 7) / 2.2)) * 0.96)
        for name, general in (
            ("Bird", "Animal"),
            ("Speech", "Human sounds"),
            ("Vehicle", "Traffic"),
            ("Bird", "Natural sounds"),
        ):
            put(general, prob[:, EVENTS.index(name)] * 0.95)
        put("Silence", 1 / (1 + np.exp((level - 33) / 1.5)) * 0.9)
        put("Environment and background", np.full(STEPS, 0.35))
        put("Outside, rural or natural", np.full(STEPS, 0.6 if self.kind == "park" else 0.1))
        return prob

    def predictions(self, every: int = 1) -> list[WindowPrediction]:
        """What a network might say every 2 s, or every so many times 2 s; samples count from the minute's start."""
        events = self.event_prob()
        level = 10 * np.log10(self.laf_pa2.reshape(STEPS, -1).mean(axis=1) / P0_PA**2)
        found = []
        for step in range(every - 1, STEPS, every):
            by = dict(zip(EVENTS, events[step], strict=True))
            cars, people, birds = max(by["Vehicle"], by["Traffic"]), by["Human sounds"], by["Bird"]
            logits = np.array(
                [people * 2 - 0.8, (1.6 if self.kind == "park" else -0.6) + birds, cars * 2 + (level[step] - 58) / 8]
            )
            scene = np.exp(logits) / np.exp(logits).sum()
            isop = 0.32 - 0.02 * (level[step] - 45) + 0.22 * birds - 0.2 * cars - 0.3 * by["Noise"]
            isoe = -0.22 + 0.009 * (level[step] - 45) + 0.38 * people + 0.25 * by["Music"] + 0.1 * birds
            isop, isoe = float(np.clip(isop, -0.8, 0.8)), float(np.clip(isoe, -0.55, 0.55))
            turn = {
                name: place * np.pi / 4
                for place, name in enumerate(
                    ("pleasant", "vibrant", "eventful", "chaotic", "annoying", "monotonous", "uneventful", "calm")
                )
            }
            paq = np.clip([3 + 2.414 * (isop * np.cos(turn[name]) + isoe * np.sin(turn[name])) for name in PAQ], 1, 5)
            end = (step + 1) * 96_000
            found.append(
                WindowPrediction(
                    end - 1_440_000, 1_440_000, scene, events[step], events[step], isop, isoe, paq, False, MODEL
                )
            )
        return found

    def frames(self) -> list[LevelFrame]:
        """Level frames; samples count from the start of the minute."""
        a, bands = self.laf_pa2, self.bands_pa2
        return [
            LevelFrame(
                6000 * k, a[k], z, z, (2.5 * z) ** 0.5 * 2, a[k], a[k] * 1.1, a[k] * 0.9, a[k], a[k] * 1.05, bands[k]
            )
            for k, z in enumerate(bands.sum(axis=1))
        ]

    def stats(self, heard: float = 1.0) -> IntervalStats:
        """The minute's statistics when the first `heard` share of it was heard."""
        stats = IntervalStats(heard_us=round(6e7 * heard), flags=self.flags, floor_dba=20.0)
        count = round(FRAMES * heard)
        if not count:
            return stats
        a, bands, sone = self.laf_pa2[:count], self.bands_pa2[:count], self.n_sone[:count]
        z = bands.sum(axis=1)
        sums = [float(a.sum()), float(z.sum()), float(z.sum()), *bands.sum(axis=0).tolist()]
        stats.frames, stats.energy = count, [round(value / ENERGY_UNIT_PA2) for value in sums]
        stats.laf, stats.loudness = level_counts(a), loudness_counts(sone) * 60
        stats.laf_max_pa2, stats.laf_min_pa2 = float(a.max() * 1.1), float(a.min() * 0.9)
        stats.las_max_pa2, stats.c_peak_pa = float(a.max() * 1.05), float((2.5 * z.max()) ** 0.5 * 2)
        stats.n_sum, stats.n_max_sone = round(60 * float(sone.sum()) / LOUDNESS_UNIT_SONE), float(sone.max())
        for prediction in self.predictions(every=3)[: round(STEPS / 3 * heard)]:
            stats.add_prediction(prediction, 3 * 96_000, prediction.event_prob_short > 0.5)
        return stats


class Place:
    """A place with a seed: the same seed tells the same days."""

    def __init__(
        self, kind: Kind = "park", seed: int = 1, time_zone: str = "Europe/Amsterdam", calibrated: bool = True
    ) -> None:
        self.kind: Kind = kind
        self.zone = ZoneInfo(time_zone)
        self._seed = seed
        self._flags = flags_of(calibrated, "calibrated" if calibrated else "assumed", "synchronised", model=True)
        self._bursts = lru_cache(maxsize=64)(self._bursts_of_hour)

    def minute(self, start: datetime) -> Minute:
        """Make the UTC minute that begins at `start`."""
        epoch = start.timestamp()
        rng = np.random.default_rng([self._seed, int(epoch // 60)])
        local = start.astimezone(self.zone)
        hour, weekend = local.hour + local.minute / 60, local.weekday() >= 5
        street = self.kind == "street"
        rush = 10 * np.log10(RUSH(hour, weekend))
        hum = (57 if street else 44) + 0.8 * rush + 1.2 * _drift(self._seed, "hum", epoch / 3600)
        wind = (30 if street else 33) + 4 * _drift(self._seed, "wind", epoch / 3600 / 2.5)
        colours = {colour: np.full(FRAMES, 1e-3) for colour in COLOURS}
        colours["hum"] = colours["hum"] + 10 ** ((hum + rng.normal(0, 0.8, FRAMES)) / 10)
        gusts = np.convolve(rng.normal(0, 6, FRAMES + 15), np.ones(16) / 16, "valid")
        colours["wind"] = colours["wind"] + 10 ** ((wind + gusts) / 10)
        labels = {"Traffic": 0.6 * colours["hum"], "Wind": colours["wind"].copy()}
        seconds = epoch + (np.arange(FRAMES) + 0.5) / 8
        for burst in self.bursts(epoch, epoch + 60):
            shape = -3 * ((seconds - burst.middle_s) / (burst.lasts_s / 2)) ** 4
            energy = 10 ** ((burst.peak_db + np.maximum(shape, -60) * 4 + rng.normal(0, 1.5, FRAMES)) / 10)
            colours[burst.colour] = colours[burst.colour] + energy
            labels[burst.label] = labels.get(burst.label, 0.0) + energy
        scaled = P0_PA**2
        return Minute(
            start,
            self.kind,
            {name: energy * scaled for name, energy in colours.items()},
            {name: energy * scaled for name, energy in labels.items()},
            self._flags,
        )

    def minutes(self, start: datetime, end: datetime) -> Iterator[Minute]:
        """Make the minutes of [start, end)."""
        for index in range(round((end - start).total_seconds() / 60)):
            yield self.minute(start + timedelta(minutes=index))

    def bursts(self, start_s: float, end_s: float) -> list[Burst]:
        """Return the sounds that touch a stretch of time, seconds since the Unix epoch."""
        hours = range(int(start_s // 3600) - 1, int(end_s // 3600) + 2)
        near = (burst for hour in hours for burst in self._bursts(hour))
        return [b for b in near if b.middle_s + b.lasts_s > start_s and b.middle_s - b.lasts_s < end_s]

    def events(self, start: datetime, end: datetime, least_s: float = 2.0) -> list[SoundEvent]:
        """Return the sounds that ended in [start, end) as the node might tell them."""
        found = []
        for burst in self.bursts(start.timestamp(), end.timestamp()):
            onset, offset = (
                datetime.fromtimestamp(round(burst.middle_s + side * burst.lasts_s / 2, 1), UTC) for side in (-1, 1)
            )
            if start <= offset < end and burst.lasts_s >= least_s:
                found.append(
                    SoundEvent(
                        label=burst.label, onset=onset, offset=offset, peak_prob=0.9, LAFmax=round(burst.peak_db, 1)
                    )
                )
        return sorted(found, key=lambda event: event.onset)

    def _bursts_of_hour(self, index: int) -> list[Burst]:
        rng = np.random.default_rng([self._seed, 77, index])
        local = datetime.fromtimestamp(index * 3600, UTC).astimezone(self.zone)
        found = []
        for sound in PARK if self.kind == "park" else STREET:
            for _ in range(int(rng.poisson(sound.per_hour(local.hour + 0.5, local.weekday() >= 5)))):
                lasts = float(sound.lasts_s * rng.lognormal(0, 0.4))
                peak = float(rng.normal(sound.peak_db, sound.spread_db))
                found.append(Burst(sound.label, sound.colour, index * 3600 + 3600 * float(rng.random()), lasts, peak))
        return found
