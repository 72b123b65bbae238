"""Levels are those a sound level meter would show; the limits of the standards themselves are in test_conformance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.aggregate.histogram import level_db
from monitor.dsp.level_meter import LevelMeter
from monitor.dsp.third_octaves import ThirdOctaves, midband_hz
from monitor.types import LEVEL_FRAME, THIRD_OCTAVES_HZ, LevelFrame


def tone(frequency_hz: float, level_db: float, duration_s: float) -> np.ndarray:
    time_s = np.arange(round(duration_s * 48_000)) / 48_000
    return np.sqrt(2) * 20e-6 * 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time_s)


def levels(frames: list[LevelFrame], field: str) -> np.ndarray:
    return np.array([level_db(getattr(frame, field)) for frame in frames], dtype=float)


def test_a_calibrator_reads_94_db_everywhere() -> None:
    frames = LevelMeter().process(tone(1000, 94, 3))
    for field in ("a_ms_pa2", "c_ms_pa2", "z_ms_pa2", "laf_pa2", "las_pa2"):
        assert levels(frames, field)[1:] == pytest.approx(94, abs=0.05), field
    assert level_db(frames[-1].c_peak_pa ** 2) == pytest.approx(97.01, abs=0.03)
    assert level_db(frames[-1].peak_pa ** 2) == pytest.approx(97.01, abs=0.01)
    bands = frames[-1].bands_ms_pa2
    assert level_db(bands[THIRD_OCTAVES_HZ.index(1000)]) == pytest.approx(94, abs=0.01)
    assert not bands.flags.writeable and bands.shape == (31,)


def test_frames_count_from_the_start_sample() -> None:
    meter = LevelMeter(start_sample=12_000)
    frames = meter.process(np.zeros(3 * LEVEL_FRAME - 1))
    assert [frame.start_sample for frame in frames] == [12_000, 18_000]
    assert meter.process(np.zeros(1))[0].start_sample == 24_000
    meter.reset(480_000)
    assert meter.process(np.zeros(LEVEL_FRAME))[0].start_sample == 480_000


def test_clipped_samples_are_counted_once() -> None:
    meter = LevelMeter()
    meter.process(np.zeros(4000), n_clipped=3)
    frames = meter.process(np.zeros(10_000), n_clipped=2)
    assert [frame.n_clipped for frame in frames] == [5, 0]


def test_extremes_of_f_enclose_its_values() -> None:
    rng = np.random.default_rng(4)
    x = rng.standard_normal(96_000) * np.repeat(rng.uniform(0.01, 1, 96), 1000)
    for frame in LevelMeter().process(x):
        assert frame.laf_min_pa2 <= frame.laf_pa2 <= frame.laf_max_pa2
        assert frame.las_max_pa2 > 0 and frame.a_ms_pa2 <= frame.peak_pa**2


def test_a_start_is_no_dip() -> None:
    """Nothing is known of the sound before a start or a gap: F and S must not climb from zero and spoil L95."""
    frames = LevelMeter().process(tone(1000, 80, 2))
    assert np.all(levels(frames, "laf_min_pa2") > 79.9)
    assert np.all(levels(frames, "las_pa2") > 79.9)
    assert np.all(levels(frames, "laf_max_pa2") < 80.1), "and no peak"


def test_digital_silence_is_exactly_zero_and_has_no_level() -> None:
    frame = LevelMeter().process(np.zeros(LEVEL_FRAME))[0]
    assert frame.a_ms_pa2 == frame.laf_pa2 == frame.c_peak_pa == 0 and np.all(frame.bands_ms_pa2 == 0)
    assert level_db(frame.a_ms_pa2) is None


def test_frames_add_up_to_a_longer_time() -> None:
    x = np.random.default_rng(5).standard_normal(48_000)
    frames = LevelMeter().process(x)
    assert np.mean([frame.z_ms_pa2 for frame in frames]) == pytest.approx(np.mean(x**2), rel=1e-12)


@given(
    band=st.integers(0, 30),
    level_db=st.floats(30, 120),
)
def test_a_tone_is_found_in_its_third_octave(band: int, level_db: float) -> None:
    energy = ThirdOctaves().process(tone(midband_hz()[band], level_db, 1.5))[8:].mean(axis=0)
    found = 10 * np.log10(energy / 4e-10)
    assert int(np.argmax(found)) == band
    assert found[band] == pytest.approx(level_db, abs=0.35 if band < 3 else 0.1), "the lowest bands still swing in"


def test_all_thirds_together_hold_the_power_of_noise() -> None:
    x = np.random.default_rng(6).standard_normal(480_000)
    bands = ThirdOctaves().process(x)[16:].mean(axis=0)
    width_hz = midband_hz() * (10**0.05 - 10**-0.05)
    assert 10 * np.log10(bands[10:] / (width_hz[10:] / 24_000)) == pytest.approx(0.1, abs=0.3)


def test_a_rate_other_than_48_khz_is_refused() -> None:
    with pytest.raises(ValueError, match="resample first"):
        LevelMeter(fs=44_100)
