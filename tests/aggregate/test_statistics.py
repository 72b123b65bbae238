"""Statistics of parts, merged in any order, are those of the whole, bit for bit; and they are right."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitor.aggregate import IntervalStats, from_bytes, merged, summarise, to_bytes
from monitor.aggregate.encoding import StatsFormatError
from monitor.aggregate.histogram import (
    count_below,
    level_bin,
    level_counts,
    level_percentiles,
    loudness_counts,
    loudness_percentiles,
)
from monitor.types import EVENTS, P0_PA, LevelFrame, LoudnessFrames, WindowPrediction
from tests.aggregate.observations import START, Item, frame, loudness, pa2, prediction, programme


def collected(items: list[Item]) -> IntervalStats:
    stats = IntervalStats(heard_us=len(items))
    stats.add_levels([item for item in items if isinstance(item, LevelFrame)])
    for item in items:
        if isinstance(item, LoudnessFrames):
            stats.add_loudness(item.n_sone)
        elif isinstance(item, WindowPrediction):
            stats.add_prediction(item, 96_000, item.event_prob_short > 0.5)
    return stats


def same(a: IntervalStats, b: IntervalStats) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in IntervalStats.__dataclass_fields__)


@given(st.integers(0, 2**31), st.lists(st.integers(0, 600), max_size=8), st.randoms(use_true_random=False))
def test_merging_parts_in_any_order_equals_the_whole(seed: int, cuts: list[int], order: random.Random) -> None:
    items = list(programme(60, seed=seed))
    edges = [0, *sorted(min(cut, len(items)) for cut in cuts), len(items)]
    parts = [collected(items[a:b]) for a, b in pairwise(edges)]
    order.shuffle(parts)
    whole = collected(items)
    assert same(merged(parts), whole)
    assert summarise(merged(parts), START, 60) == summarise(whole, START, 60)


@given(st.integers(0, 2**31), st.integers(0, 40))
def test_bytes_give_the_same_statistics_back(seed: int, seconds: int) -> None:
    stats = collected(list(programme(seconds, seed=seed)))
    data = to_bytes(stats)
    assert same(from_bytes(data), stats)
    assert to_bytes(from_bytes(data)) == data


def test_a_minute_takes_about_a_kilobyte() -> None:
    assert len(to_bytes(collected(list(programme(60))))) < 1500


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    for candidate in (data, b"IS\x01" + data, to_bytes(IntervalStats())[: min(len(data), 25)]):
        with pytest.raises(StatsFormatError):
            from_bytes(candidate)


def test_the_mean_of_energies_is_right_from_0_to_140_db() -> None:
    for level in (0.0, 20.0, 55.5, 94.0, 140.0):
        stats = collected([frame(k * 6000, level) for k in range(16)])
        assert summarise(stats, START, 2).levels.LAeq == pytest.approx(level, abs=0.006)
    two = collected([frame(0, 60), frame(6000, 70)])
    assert summarise(two, START, 60).levels.LAeq == round(10 * np.log10((10**6 + 10**7) / 2), 2)


levels = hnp.arrays(np.float64, st.integers(1, 400), elements=st.floats(-15, 150))


@given(levels, st.sampled_from([5.0, 10.0, 50.0, 90.0, 95.0]))
def test_level_percentiles_are_exceeded_for_that_share_of_the_time(values: np.ndarray, pct: float) -> None:
    counts = level_counts(P0_PA**2 * 10 ** (values / 10))
    (found,) = level_percentiles(counts, [pct], -100)
    assert found is not None
    above, not_below = np.mean(values > found + 0.1 + 1e-6), np.mean(values >= found - 0.1 - 1e-6)
    assert above <= pct / 100 + 1e-9 and not_below >= pct / 100 - 1e-9
    assert sum(counts[level_bin(float(P0_PA**2 * 10 ** (v / 10)))] > 0 for v in values) == len(values)


def test_percentiles_agree_with_numpy_within_a_bin() -> None:
    rng = np.random.default_rng(0)
    laf = rng.normal(55, 8, 20_000)
    counts = level_counts(P0_PA**2 * 10 ** (laf / 10))
    expected = np.percentile(laf, [95, 90, 50, 10, 5])
    assert level_percentiles(counts, (5, 10, 50, 90, 95), 0) == pytest.approx(expected, abs=0.05)
    n = rng.lognormal(1.5, 0.6, 30_000)
    expected = np.percentile(n, [95, 90, 50, 10])
    assert loudness_percentiles(loudness_counts(n), (5, 10, 50, 90)) == pytest.approx(expected, rel=0.005)


@given(hnp.arrays(np.float64, st.integers(1, 400), elements=st.floats(0, 2000)))
def test_loudness_percentiles_stay_within_what_was_heard(values: np.ndarray) -> None:
    found = loudness_percentiles(loudness_counts(values), (5, 10, 50, 90))
    assert all(v is not None for v in found)
    assert sorted(found, reverse=True) == found
    assert found[0] <= max(values) * 1.011 + 1e-3 and found[-1] >= min(values) / 1.011 - 1e-3


def test_silence_is_zero_sone_and_no_level() -> None:
    silent = frame(0)
    silence = LevelFrame(0, *([0.0] * 9), np.zeros(31))
    assert silent.a_ms_pa2 > 0
    stats = collected([silence, loudness(0, 0.0)])
    stats.floor_dba = 20
    summary = summarise(stats, START, 60)
    assert summary.levels.reason == "under_range"
    assert set(summary.levels.model_dump(exclude={"reason", "bands_Leq"}).values()) == {None}
    assert set(summary.levels.bands_Leq.values()) == {None}
    assert summary.loudness.N5 == summary.loudness.N_max == 0
    assert summary.loudness.reason is None
    assert summary.quality.under_range_pct == 100


def test_quiet_moments_are_counted_and_do_not_hide_the_rest() -> None:
    stats = collected([frame(k * 6000, 12 if k % 4 == 0 else 40) for k in range(80)])
    stats.floor_dba = 20
    levels = summarise(stats, START, 60).levels
    assert abs(levels.L50 - 40) <= 0.1 and levels.L90 is None and levels.LAFmin is None
    assert levels.LAeq is not None and levels.reason is None
    assert summarise(stats, START, 60).quality.under_range_pct == 25


@pytest.mark.parametrize("floor", [19.95, 20, 20.04])
def test_the_floor_itself_is_in_range(floor: float) -> None:
    counts = level_counts(np.array([pa2(19.5), pa2(20.05)]))
    assert count_below(counts, floor) == 1


def test_nothing_heard_says_so() -> None:
    summary = summarise(IntervalStats(), START, 60)
    assert (
        summary.levels.reason == summary.loudness.reason == summary.scene.reason == summary.affect.reason == "no_audio"
    )
    assert summary.quality.coverage == 0 and summary.events == {} and summary.model_id is None


def test_affect_has_its_mean_and_spread_over_time() -> None:
    stats = IntervalStats()
    active = np.zeros(len(EVENTS), bool)
    for isop, weight in ((0.5, 96_000), (-0.5, 96_000), (0.0, 192_000)):
        stats.add_prediction(prediction(0, isop=isop), weight, active)
    affect = summarise(stats, START, 60).affect
    assert affect.isop == 0 and affect.isop_sd == pytest.approx(0.125**0.5, abs=1e-4)
    assert affect.isoe == -0.125 and affect.isoe_sd == 0
    assert affect.paq["calm"] == 4 and affect.paq_sd["calm"] == 0


def test_the_worst_part_says_how_far_to_trust_the_whole() -> None:
    good, bad = IntervalStats(), IntervalStats(flags=0b001101)
    assert summarise(good, START, 60).quality.calibrated
    quality = summarise(merged([good, bad]), START, 60).quality
    assert not quality.calibrated and quality.level_reference == "assumed" and quality.clock == "unsynchronised"
