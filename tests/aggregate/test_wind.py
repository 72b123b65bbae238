"""Wind on the microphone is flagged; engines, hum, speech and silence are not."""

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from monitor.aggregate.wind import wind_frames
from monitor.dsp.level_meter import LevelMeter
from monitor.types import RATE_HZ

SECONDS = 20


def flagged(pressure_pa: np.ndarray, network: bool = False) -> float:
    """Return the share of frames that are flagged."""
    frames = LevelMeter().process(pressure_pa)
    bands = np.stack([frame.bands_ms_pa2 for frame in frames])
    return float(wind_frames(bands, np.full(len(bands), network)).mean())


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SECONDS * RATE_HZ)


def gusts(seed: int = 1) -> np.ndarray:
    """Return a positive envelope that varies within seconds."""
    slow = lfilter([1], [1, -0.99999], noise(seed))
    return np.exp(slow / slow.std())


def turbulence(rms_pa: float) -> np.ndarray:
    """Return noise whose spectrum falls by about 12 dB an octave above 15 Hz, in gusts."""
    sound = sosfilt(butter(2, 15, fs=RATE_HZ, output="sos"), noise()) * gusts()
    return rms_pa * sound / sound.std()


def test_gusts_are_flagged_and_the_more_so_when_the_network_agrees() -> None:
    quiet_place = noise(3) * 0.002
    assert flagged(turbulence(0.5) + quiet_place) > 0.8
    assert flagged(turbulence(0.1) + quiet_place, network=True) > 0.5


@pytest.mark.parametrize("network", [False, True])
def test_other_sounds_are_not_flagged(network: bool) -> None:
    t = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    engine = sum(np.sin(2 * np.pi * f * t) / k for k, f in enumerate((63, 126, 189, 252), 1)) * 0.2
    assert flagged(engine * (1 + 0.5 * np.sin(t)), network) == 0
    assert flagged(noise() * 0.05, network) == 0
    assert flagged(np.zeros(SECONDS * RATE_HZ), network) == 0
    assert flagged(turbulence(0.001), network) == 0, "too weak to matter"


def test_steady_low_sound_is_no_wind() -> None:
    hum = np.sin(2 * np.pi * 25 * np.arange(SECONDS * RATE_HZ) / RATE_HZ) * 0.5
    assert flagged(hum + noise() * 0.002) == 0


def test_short_sounds_are_not_judged() -> None:
    assert not wind_frames(np.ones((9, 31)), np.ones(9, np.bool_)).any()
