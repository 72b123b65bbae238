"""Any chunking equals the whole bit for bit; reset equals new; states can be saved; bad samples are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import STREAMS, Stream, run, signal

N = 30_000
X = signal(N)


@pytest.fixture(params=STREAMS, ids=list(STREAMS))
def stream(request: pytest.FixtureRequest) -> Stream:
    return STREAMS[request.param]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@settings(max_examples=12)
@given(cuts=st.lists(st.integers(0, N), max_size=12))
@pytest.mark.parametrize("name", STREAMS)
def test_any_chunking_equals_the_whole(name: str, cuts: list[int]) -> None:
    stream = STREAMS[name]
    whole = run(stream, stream.make(), [X])
    assert same(run(stream, stream.make(), np.split(X, sorted(cuts))), whole)


def test_single_samples_equal_the_whole(stream: Stream) -> None:
    x = X[:1500]
    lead = X[1500:8000]
    whole = run(stream, stream.make(), [lead, x])
    assert same(run(stream, stream.make(), [lead, *np.split(x, len(x))]), whole)


def test_reset_equals_new(stream: Stream) -> None:
    used = stream.make()
    run(stream, used, [signal(7_777, seed=1)])
    used.reset()
    assert same(run(stream, used, [X]), run(stream, stream.make(), [X]))


@settings(max_examples=4)
@given(cut=st.integers(0, N))
@pytest.mark.parametrize("name", STREAMS)
def test_a_saved_state_goes_on_elsewhere(name: str, cut: int) -> None:
    stream = STREAMS[name]
    first, second = stream.make(), stream.make()
    run(stream, first, [X[:cut]])
    state = first.state_dict()
    run(stream, second, [signal(500, seed=2)])
    second.load_state_dict(state)
    expected = run(stream, first, [X[cut:]])
    assert same(run(stream, second, [X[cut:]]), expected), "the state is complete, and a copy"


def test_a_state_that_does_not_fit_is_refused(stream: Stream) -> None:
    processor = stream.make()
    state = processor.state_dict()
    with pytest.raises(ValueError, match="expected fields"):
        processor.load_state_dict({})
    with pytest.raises(ValueError, match="expected fields"):
        processor.load_state_dict(state | {"more": 1})
    name = next(key for key, value in state.items() if not isinstance(value, dict))
    with pytest.raises(ValueError, match=name):
        processor.load_state_dict(state | {name: "text"})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_refused_and_leaves_no_trace(stream: Stream, bad: float) -> None:
    processor = stream.make()
    run(stream, processor, [X[:9_000]])
    spoilt = X[9_000:10_000].copy()
    spoilt[17] = bad
    with pytest.raises(ValueError, match=r"1 of 1000 samples are not finite, the first at 17; report them as a Gap"):
        stream.feed(processor, spoilt)
    clean = stream.make()
    run(stream, clean, [X[:9_000]])
    assert same(run(stream, processor, [X[9_000:]]), run(stream, clean, [X[9_000:]]))


def test_more_than_one_channel_is_refused(stream: Stream) -> None:
    with pytest.raises(ValueError, match="one channel"):
        stream.feed(stream.make(), np.zeros((10, 2)))


def test_single_precision_input_is_taken(stream: Stream) -> None:
    x = X.astype(np.float32)
    assert same(run(stream, stream.make(), [x]), run(stream, stream.make(), [x.astype(np.float64)]))


def _arrays(state: dict[str, object]) -> list[np.ndarray]:
    nested = [array for value in state.values() if isinstance(value, dict) for array in _arrays(value)]
    return [value for value in state.values() if isinstance(value, np.ndarray)] + nested


def test_digital_silence_leaves_no_denormal_numbers(stream: Stream) -> None:
    """They would make silence many times as costly as noise."""
    processor = stream.make()
    run(stream, processor, [X])
    for _ in range(60):
        run(stream, processor, [np.zeros(24_000)])
        for array in _arrays(processor.state_dict()):
            size = np.abs(array[array != 0])
            assert not np.any(size < 1e-250), "states are flushed long before they become denormal"
    silent = run(stream, processor, [np.zeros(24_000)])
    assert all(np.all(np.isfinite(a)) for a in silent)


def test_a_day_later_it_is_still_the_same() -> None:
    """Counters and grids are relative to the start, so nothing depends on how late it is."""
    stream = STREAMS["hearing"]
    day = 24 * 3600 * 48_000
    early, late = stream.make(), stream.make()
    late.reset(day)
    a, b = early.process(X), late.process(X)
    assert b.levels[0].start_sample == day and b.loudness.start_sample == day and b.mel.start_sample == day
    assert np.array_equal(a.loudness.n_sone, b.loudness.n_sone) and np.array_equal(a.mel.log_mel, b.mel.log_mel)
    assert [f.laf_pa2 for f in a.levels] == [f.laf_pa2 for f in b.levels]
