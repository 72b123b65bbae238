"""Whatever comes in, what goes out adjoins, lies where it belongs in time, and does not depend on how it was cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.sources.conditioner import Conditioner
from monitor.types import FRAME_GRID, RATE_HZ, AudioBlock, Gap

RATES = st.sampled_from([8_000, 22_050, 44_100, 48_000, 96_000])


def run(rate: int, pieces: list[np.ndarray | int]) -> list[AudioBlock | Gap]:
    """Feed arrays of frames, and numbers of lost frames."""
    conditioner = Conditioner(rate, channel="mean", full_scale_pa=2.0, start_sample=FRAME_GRID)
    items: list[AudioBlock | Gap] = []
    for piece in pieces:
        items += conditioner.lost(piece, "overrun") if isinstance(piece, int) else conditioner.process(piece)
    items += conditioner.flush()
    end, after_gap = FRAME_GRID, False
    for item in items:
        assert item.start_sample == end
        if isinstance(item, AudioBlock):
            assert item.start_sample % FRAME_GRID == 0 or not after_gap
            assert np.isfinite(item.pressure_pa).all() and not item.pressure_pa.flags.writeable
        end, after_gap = item.end_sample, isinstance(item, Gap)
    return items


def on_time_line(items: list[AudioBlock | Gap]) -> np.ndarray:
    """Samples by index, NaN in gaps."""
    out = np.full(items[-1].end_sample - FRAME_GRID, np.nan)
    for item in items:
        if isinstance(item, AudioBlock):
            out[item.start_sample - FRAME_GRID : item.end_sample - FRAME_GRID] = item.pressure_pa
    return out


@settings(max_examples=25)
@given(
    rate=RATES,
    seconds=st.floats(0.3, 1.2),
    bad=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 3_000)), max_size=3),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
def test_any_cutting_gives_the_same_samples_and_gaps(
    rate: int, seconds: float, bad: list[tuple[float, int]], cuts: list[float]
) -> None:
    rng = np.random.default_rng(0)
    n = round(rate * seconds)
    frames = rng.uniform(-0.5, 0.5, (n, 2))
    for where, length in bad:
        frames[int(where * n) : int(where * n) + length, 1] = np.nan
    whole = run(rate, [frames])
    edges = sorted({0, n, *(int(cut * n) for cut in cuts)})
    cut = run(rate, [frames[a:b] for a, b in pairwise(edges)])
    assert abs(whole[-1].end_sample - FRAME_GRID - n * RATE_HZ / rate) <= RATE_HZ / rate, "within a native frame"
    np.testing.assert_array_equal(on_time_line(whole), on_time_line(cut))


@settings(max_examples=25)
@given(rate=RATES, before=st.integers(0, 40_000), lost=st.integers(0, 60_000), after=st.integers(0, 90_000))
def test_after_a_loss_sound_lies_where_it_belongs(rate: int, before: int, lost: int, after: int) -> None:
    n = before + lost + after
    frequency = 0.05 * min(rate, RATE_HZ)
    frames = np.sin(2 * np.pi * frequency * np.arange(n) / rate)[:, None]
    items = run(rate, [frames[:before], lost, frames[before + lost :]])
    if not items:
        return
    assert after == 0 or abs(items[-1].end_sample - FRAME_GRID - n * RATE_HZ / rate) <= RATE_HZ / rate
    heard = on_time_line(items)
    expected = 2 * np.sin(2 * np.pi * frequency * np.arange(len(heard)) / RATE_HZ)
    edge = RATE_HZ // 100  # nearer to an edge the filter sees silence
    inner = np.convolve(np.pad(np.isfinite(heard), edge), np.ones(2 * edge + 1), "valid") > 2 * edge
    np.testing.assert_allclose(heard[inner], expected[inner], atol=2 * 2 * np.pi * frequency / rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 96_000, 192_000])
def test_the_share_of_clipped_sound_does_not_depend_on_the_rate(rate: int) -> None:
    frames = np.zeros((rate, 2))
    frames[: rate // 10] = -1.0
    items = run(rate, list(np.array_split(frames, 10)))
    n_clipped = sum(item.n_clipped for item in items if isinstance(item, AudioBlock))
    assert n_clipped / (items[-1].end_sample - FRAME_GRID) == pytest.approx(0.1, abs=1e-4)
    frames = np.zeros((rate, 2))
    frames[rate // 2] = 1.0
    assert sum(item.n_clipped for item in run(rate, [frames]) if isinstance(item, AudioBlock)) >= 1


def test_a_long_gap_is_told_while_it_lasts() -> None:
    conditioner = Conditioner(RATE_HZ, channel=0, full_scale_pa=1.0)
    bad = np.full((RATE_HZ // 10, 1), np.nan)
    told = [item for _ in range(25) for item in conditioner.process(bad)]
    assert [item.n_samples for item in told] == [RATE_HZ, RATE_HZ]
    assert all(isinstance(item, Gap) and item.cause == "non_finite" for item in told)


def test_sound_starts_on_the_grid() -> None:
    with pytest.raises(ValueError, match="expected a multiple of 12000, received 7"):
        Conditioner(RATE_HZ, channel=0, full_scale_pa=1.0, start_sample=7)
