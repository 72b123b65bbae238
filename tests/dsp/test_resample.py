"""The resampler keeps time, level and spectrum, at any rate from 8 to 192 kHz."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.dsp.resample import Resampler, resample

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000]


@settings(max_examples=25)
@given(rate=st.sampled_from(RATES), n=st.integers(0, 3000))
@example(rate=47_990, n=2000)
@example(rate=8_001, n=100)
def test_the_length_is_that_of_the_sound(rate: int, n: int) -> None:
    assert len(resample(np.ones(n), rate, 48_000)) == -(-n * 48_000 // rate)


@pytest.mark.parametrize("rate", RATES)
def test_output_sample_k_is_the_sound_at_its_time(rate: int) -> None:
    """A tone comes out as the same tone: no delay, no gain, away from the ends."""
    frequency = 0.3 * min(rate, 48_000) / 2
    y = resample(np.sin(2 * np.pi * frequency * np.arange(rate) / rate + 0.3), rate, 48_000)
    wanted = np.sin(2 * np.pi * frequency * np.arange(len(y)) / 48_000 + 0.3)
    assert np.abs(y - wanted)[2400:-2400].max() < 1e-5


@pytest.mark.parametrize("rate", RATES)
def test_a_constant_stays_exactly_constant(rate: int) -> None:
    y = resample(np.ones(rate // 4), rate, 48_000)
    assert np.abs(y[1200:-1200] - 1).max() < 1e-12


def test_what_does_not_fit_is_removed() -> None:
    x = np.sin(2 * np.pi * 30_000 * np.arange(96_000) / 96_000)
    assert np.abs(resample(x, 96_000, 48_000))[2400:-2400].max() < 1e-5, "30 kHz would alias to 18 kHz"


def test_one_rate_needs_no_filter() -> None:
    x = np.random.default_rng(0).standard_normal(1000)
    assert np.array_equal(resample(x, 48_000, 48_000), x)


def test_the_network_shape_is_the_published_one() -> None:
    """Pass band gain 1.0027 and half of it near 7.55 kHz, as librosa's `kaiser_best` had them from 44.1 kHz."""
    for frequency, gain in ((100, 1.0027), (5000, 1.0027), (7550, 0.5014)):
        x = np.sin(2 * np.pi * frequency * np.arange(48_000) / 48_000)
        y = resample(x, 48_000, 16_000, "network")[1600:-1600]
        assert np.sqrt(2 * np.mean(y**2)) == pytest.approx(gain, abs=0.01), frequency


@pytest.mark.parametrize("rate", [0, 7_999, 192_001, 44_100.5])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate_in: expected an integer from 8000 to 192000 Hz, received"):
        Resampler(rate, 48_000)  # type: ignore[arg-type]


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(ValueError, match='shape: expected "flat" or "network"'):
        Resampler(44_100, 48_000, "sharp")  # type: ignore[arg-type]


def test_the_latency_is_what_it_says() -> None:
    resampler = Resampler(44_100, 48_000)
    total = 0
    for n in range(1, 2000):
        total += len(resampler.process(np.zeros(1)))
        due = (n - resampler.latency_samples) * 160 // 147
        assert total >= due
