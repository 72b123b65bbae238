"""Figures of merit: by hand, and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.araus import read_labels
from training.metrics import (
    auc,
    average_precision,
    bootstrap,
    calibration_error,
    class_auc,
    clip_auc,
    macro_accuracy,
    paper_figures,
)


@given(st.integers(0, 2**32 - 1))
def test_areas_agree_with_scikit_learn(seed: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    truth = rng.random(40) < 0.4
    truth[:2] = [True, False]
    score = rng.permutation(40).astype(float)
    assert auc(truth, score) == pytest.approx(sklearn.roc_auc_score(truth, score))
    assert average_precision(truth, score) == pytest.approx(sklearn.average_precision_score(truth, score))


def test_ties_count_half() -> None:
    assert auc(np.array([True, False]), np.array([0.5, 0.5])) == 0.5
    assert np.isnan(auc(np.array([True]), np.array([0.5])))


def test_macro_accuracy_is_the_mean_of_recalls() -> None:
    truth, said = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert macro_accuracy(truth, said) == pytest.approx((2 / 3 + 1) / 2)


def test_a_constant_prior_scores_0_76_on_araus_by_clip_and_half_by_class(shared) -> None:  # type: ignore[no-untyped-def]
    test, train = (read_labels(shared / "araus", split).targets()["event"] for split in ("test", "train"))
    prior = np.tile(train.mean(axis=0), (len(test), 1))
    assert clip_auc(test, prior) == pytest.approx(0.761, abs=0.002)
    assert np.nanmean(class_auc(test, prior)) == 0.5


def test_predicting_the_mean_scores_as_published(shared) -> None:  # type: ignore[no-untyped-def]
    test, train = (read_labels(shared / "araus", split).paq for split in ("test", "train"))
    assert ((test - train.mean(axis=0)) ** 2).mean() == pytest.approx(1.294, abs=0.001)


def test_calibration_error_of_honest_and_of_boastful_probabilities() -> None:
    truth = np.array([1.0, 0, 0, 0] * 25)
    assert calibration_error(truth, np.full(100, 0.25)) == pytest.approx(0)
    assert calibration_error(truth, np.full(100, 0.95)) == pytest.approx(0.7)


def test_intervals_hold_the_value_and_widen_with_groups() -> None:
    values = np.repeat(np.random.default_rng(0).normal(size=20), 10)
    free = bootstrap(lambda i: float(values[i].mean()), 200)
    grouped = bootstrap(lambda i: float(values[i].mean()), 200, groups=np.repeat(np.arange(20), 10))
    assert free.low < free.value < free.high
    assert grouped.high - grouped.low > 2 * (free.high - free.low)


def test_perfect_predictions_give_perfect_figures() -> None:
    rng = np.random.default_rng(0)
    truth = {"scene": np.eye(3)[rng.integers(0, 3, 30)], "event": (rng.random((30, 15)) < 0.5).astype(float)}
    truth["affect"] = rng.random((30, 10))
    table = paper_figures(truth["scene"], truth["event"], truth["affect"], truth, rounds=10)
    assert table["scene_macro_accuracy"].value == table["event_auc_per_clip"].value == 1
    assert table["event_auc_per_class"].value == table["event_map"].value == 1
    assert table["paq_mse"].value == table["isop_mse"].value == table["calm_mse"].value == 0
