"""What the predictor promises: the full window's answer, at every hop, however the frames and jobs come."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import NORMALISATION, along, frames, random_network

from monitor.model import Bundle, Predictor
from monitor.types import HOP_GRID, RATE_HZ, LoudnessFrames, MelFrames, WindowPrediction

SECOND = RATE_HZ


def scaled(kind: str, values: np.ndarray) -> torch.Tensor:
    scale = NORMALISATION[kind]
    return torch.tensor((values - np.array(scale["mean"])) / np.array(scale["std"]), dtype=torch.float32)[None]


def full_window(mel: np.ndarray, loudness: np.ndarray, one: WindowPrediction, newest_s: float | None = None):
    """The torch network on the frames of a prediction's window, or of its newest seconds."""
    end = one.end_sample
    start = one.start_sample if newest_s is None else end - round(newest_s * SECOND)
    with torch.no_grad():
        return random_network()(
            scaled("log_mel", mel[start // 480 : end // 480 + 1]),
            scaled("loudness", loudness[start // 96 : end // 96, None]),
        )


def same(a: WindowPrediction, b: WindowPrediction, atol: float = 1e-5) -> bool:
    pairs = zip(dataclasses.astuple(a), dataclasses.astuple(b), strict=True)
    return all(np.allclose(x, y, atol=atol, rtol=0) if not isinstance(x, str) else x == y for x, y in pairs)


@pytest.fixture(scope="module")
def clip() -> tuple[np.ndarray, np.ndarray]:
    return frames(44)


def test_every_hop_gives_what_the_network_gives_on_the_whole_window(bundle: Bundle, clip) -> None:
    mel, loudness = clip
    predictions = along(Predictor(bundle, hop_s=2.0), mel, loudness)
    assert [p.end_sample // SECOND for p in predictions] == list(range(4, 45, 2))
    assert np.ptp([p.event_prob for p in predictions], axis=0).max() > 0.01, "the test network must respond"
    for one in predictions[::7] + predictions[-1:]:
        whole, short = full_window(mel, loudness, one), full_window(mel, loudness, one, newest_s=4)
        np.testing.assert_allclose(one.scene_prob, torch.softmax(whole.scene[0], 0), atol=1e-5)
        np.testing.assert_allclose(one.event_prob, torch.sigmoid(whole.event[0]), atol=1e-5)
        np.testing.assert_allclose(one.event_prob_short, torch.sigmoid(short.event[0]), atol=1e-5)
        np.testing.assert_allclose(one.paq, whole.paq[0].clip(1, 5), atol=1e-5)
        assert one.isop == pytest.approx(float(whole.isop.clip(-1, 1)), abs=1e-5)
        assert one.isoe == pytest.approx(float(whole.isoe.clip(-1, 1)), abs=1e-5)


def test_windows_grow_to_30_s_and_are_marked_until_then(bundle: Bundle, clip) -> None:
    mel, loudness = clip
    predictions = along(Predictor(bundle), mel, loudness)
    for one in predictions:
        assert one.n_samples == min(30 * SECOND, one.end_sample)
        assert one.partial == (one.n_samples < 30 * SECOND)
        assert one.model_id == bundle.id
        assert one.scene_prob.sum() == pytest.approx(1)
        assert not one.event_prob.flags.writeable


@settings(max_examples=8)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=12), loudness_first=st.booleans())
def test_the_way_frames_are_cut_changes_nothing(bundle: Bundle, clip, sizes: list[int], loudness_first: bool) -> None:
    mel, loudness = (x[:n] for x, n in zip(clip, (1001, 5000), strict=True))
    predictor, got, at = Predictor(bundle), [], 0
    while at < len(mel):
        size = sizes[len(got) % len(sizes)]
        one = MelFrames(at * 480, mel[at : at + size])
        other = LoudnessFrames(at * 480, loudness[at * 5 : (at + size) * 5])
        parts = [(None, other), (one, None)] if loudness_first else [(one, other)]
        for part in parts:
            got += predictor.process(*part)
        at += size
    wanted = along(Predictor(bundle), mel, loudness)
    assert len(got) == len(wanted)
    assert all(same(a, b, atol=0) for a, b in zip(got, wanted, strict=True))


@pytest.mark.parametrize("skipped", [1, 3, 15])
def test_skipped_windows_leave_the_caches_whole(bundle: Bundle, clip, skipped: int) -> None:
    mel, loudness = clip
    predictor, late = Predictor(bundle), Predictor(bundle)
    jobs = predictor.collect(MelFrames(0, mel), LoudnessFrames(0, loudness))
    wanted = [predictor.infer(job) for job in jobs]
    late.infer(jobs[1])
    assert same(late.infer(jobs[2 + skipped]), wanted[2 + skipped])
    assert same(late.infer(jobs[-1]), wanted[-1])


def test_after_a_gap_nothing_of_before_is_left(bundle: Bundle, clip) -> None:
    mel, loudness = clip
    predictor = Predictor(bundle)
    predictor.process(MelFrames(0, mel[::-1][:900]), LoudnessFrames(0, loudness[::-1][:4500]))
    start = 17 * 12_000
    predictor.reset(start)
    got = predictor.process(MelFrames(start, mel[:1001]), LoudnessFrames(start, loudness[:5000]))
    wanted = along(Predictor(bundle), mel[:1001], loudness[:5000], start)
    assert len(got) == 4
    assert got[0].start_sample == start
    assert all(same(a, b, atol=0) for a, b in zip(got, wanted, strict=True))


def test_frames_that_do_not_continue_the_stream_are_refused(bundle: Bundle, clip) -> None:
    predictor = Predictor(bundle)
    predictor.process(MelFrames(0, clip[0][:100]), None)
    with pytest.raises(ValueError, match=r"reset after a gap"):
        predictor.process(MelFrames(200 * 480, clip[0][200:300]), None)


def test_streams_that_run_apart_are_refused(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match=r"feed both"):
        Predictor(bundle).process(MelFrames(0, np.zeros((6200, 64), np.float32)), None)


@pytest.mark.parametrize("hop_s", [0.0, -2.0, 0.1, 1.0])
def test_a_hop_off_the_grid_is_refused(bundle: Bundle, hop_s: float) -> None:
    with pytest.raises(ValueError, match=r"multiple of 0\.08 s"):
        Predictor(bundle).set_hop(hop_s)


def test_the_hop_can_change_on_the_way(bundle: Bundle, clip) -> None:
    mel, loudness = clip
    predictor = Predictor(bundle, hop_s=1.04)
    ends = [p.end_sample for p in predictor.process(MelFrames(0, mel[:800]), LoudnessFrames(0, loudness[:4000]))]
    predictor.set_hop(4.0)
    more = predictor.process(MelFrames(800 * 480, mel[800:2001]), LoudnessFrames(800 * 480, loudness[4000:10000]))
    assert ends == [round(t * SECOND) for t in (4.16, 5.2, 6.24, 7.28)]
    assert [p.end_sample for p in more] == [round(t * SECOND) for t in (11.28, 15.28, 19.28)]
    assert predictor.hop_s == 4.0
    wanted = full_window(mel, loudness, more[-1])
    np.testing.assert_allclose(more[-1].event_prob, torch.sigmoid(wanted.event[0]), atol=1e-5)


@pytest.mark.parametrize(("seconds", "hop_s"), [(0.5, 2.0), (3.99, 2.0), (3.99, 30.0)])
def test_a_clip_below_4_s_is_repeated_and_keeps_its_length(bundle: Bundle, clip, seconds: float, hop_s: float) -> None:
    n = round(seconds * 100)
    mel, loudness = clip[0][: n + 1], clip[1][: 5 * n]
    one = Predictor(bundle, hop_s).predict_short(MelFrames(0, mel), LoudnessFrames(0, loudness))
    assert one is not None
    assert (one.n_samples, one.partial) == (n * 480, True)
    repeated = np.take(mel, np.arange(401) % len(mel), axis=0), np.take(loudness, np.arange(2000) % len(loudness))
    [wanted] = along(Predictor(bundle), *repeated)
    np.testing.assert_allclose(one.event_prob, wanted.event_prob, atol=1e-6)


def test_an_empty_clip_gives_none(bundle: Bundle, clip) -> None:
    assert Predictor(bundle).predict_short(MelFrames(0, clip[0][:0]), LoudnessFrames(0, clip[1][:0])) is None


def test_a_clip_is_heard_to_its_end(bundle: Bundle, clip) -> None:
    predictions = along(Predictor(bundle), clip[0][: 1 + 1130], clip[1][: 5 * 1130])
    assert [p.end_sample / SECOND for p in predictions] == [4, 6, 8, 10, 11.28]


def test_the_extremes_of_input_give_finite_answers(bundle: Bundle) -> None:
    for mel_db, sone in ((-100.0, 0.0), (40.0, 400.0)):
        mel, loudness = np.full((3001, 64), mel_db, np.float32), np.full(15000, sone)
        for one in along(Predictor(bundle, 10.0), mel, loudness):
            assert all(np.isfinite(x).all() for x in (one.scene_prob, one.event_prob, one.event_prob_short, one.paq))
            assert -1 <= one.isop <= 1 and -1 <= one.isoe <= 1
            assert (one.paq >= 1).all() and (one.paq <= 5).all()


def test_the_hop_grid_is_eight_frames() -> None:
    assert HOP_GRID == 8 * 480
