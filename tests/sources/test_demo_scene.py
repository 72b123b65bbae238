"""The demo scene is reproducible, plausible in level, and turns from a park into a street."""

import numpy as np
import pytest

from monitor.sources.demo import DemoSource
from monitor.types import P0_PA, RATE_HZ, AudioBlock


def listen(source: DemoSource, seconds: int) -> np.ndarray:
    blocks: list[np.ndarray] = []
    while len(blocks) < 10 * seconds:
        block = source.read(1.0)
        assert isinstance(block, AudioBlock) and block.start_sample == len(blocks) * RATE_HZ // 10
        blocks.append(block.pressure_pa)
    return np.concatenate(blocks)


def laeq(pressure: np.ndarray) -> float:
    """A-weighted level by the analytic curve of IEC 61672-1, annex E."""
    f = np.fft.rfftfreq(len(pressure), 1 / RATE_HZ)
    low = f**2 + 20.598997**2
    middle = np.sqrt((f**2 + 107.65265**2) * (f**2 + 737.86223**2))
    weight = 10 ** (2.0 / 20) * 12194.217**2 * f**4 / (low * middle * (f**2 + 12194.217**2))
    power = 2 * np.sum((np.abs(np.fft.rfft(pressure)) * weight / len(pressure)) ** 2)
    return float(10 * np.log10(power / P0_PA**2))


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    return listen(DemoSource(realtime=False), 240)


def test_the_park_is_quiet_and_the_street_is_loud(scene: np.ndarray) -> None:
    assert laeq(scene[: 60 * RATE_HZ]) == pytest.approx(48, abs=3)
    assert laeq(scene[180 * RATE_HZ :]) == pytest.approx(66, abs=3)
    assert np.abs(scene).max() < DemoSource(realtime=False).calibration.full_scale_pa


def test_the_same_seed_gives_the_same_scene_and_another_seed_another(scene: np.ndarray) -> None:
    assert listen(DemoSource(realtime=False), 5).tobytes() == scene[: 5 * RATE_HZ].tobytes()
    assert listen(DemoSource(realtime=False, seed=2), 5).tobytes() != scene[: 5 * RATE_HZ].tobytes()


def test_the_scene_says_that_it_is_not_real() -> None:
    source = DemoSource(realtime=False)
    assert "synthesised" in source.state and "synthesised" in source.calibration.text
    assert not source.calibration.calibrated and not source.live and not source.exhausted


def test_in_real_time_it_waits_for_its_time() -> None:
    with DemoSource(realtime=True) as source:
        assert source.read(0.0) is None
        first = source.read(5.0)
        assert isinstance(first, AudioBlock)
        assert source.last_observation is not None and source.last_observation[0] == first.end_sample
