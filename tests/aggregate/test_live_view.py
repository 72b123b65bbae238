"""The live view shows the last second and the last minute, and nothing that is over."""

import numpy as np
import pytest

from monitor.aggregate import EventThreshold, LevelBasis, Uncertainty
from monitor.aggregate.live import LiveView
from monitor.snapshot import Health, Snapshot
from monitor.types import EVENTS, LEVEL_FRAME, RATE_HZ, Gap, LevelFrame
from tests.aggregate.observations import START, THRESHOLDS, frame, loudness, prediction, programme

BASIS = LevelBasis(calibrated=True, level_reference="calibrated")


def snapshot(view: LiveView, second: int) -> Snapshot:
    values = view.values(second * RATE_HZ)
    return Snapshot(at=START, site="s", node="n", health=Health(state="ok"), **values)


def hear(view: LiveView, seconds: range, level: float = 60.0, n_sone: float = 8.0) -> None:
    for second in seconds:
        for k in range(8):
            view.add(frame(second * RATE_HZ + k * LEVEL_FRAME, level))
        view.add(loudness(second * RATE_HZ, n_sone))


def test_at_the_start_nothing_is_known() -> None:
    seen = snapshot(LiveView(BASIS, THRESHOLDS), 0)
    assert (seen.LAF, seen.LAeq_60s, seen.N, seen.N5_60s, seen.scene.label) == (None,) * 5
    assert seen.scene.reason == "no_prediction" and seen.quality.coverage == 0


def test_now_and_the_last_minute() -> None:
    view = LiveView(BASIS, THRESHOLDS, Uncertainty(0.2, 0.3))
    hear(view, range(0, 60), 50, 4)
    hear(view, range(60, 90), 70, 16)
    seen = snapshot(view, 90)
    assert (seen.LAF, seen.LAS, seen.LAeq_1s, seen.LAFmax_60s) == (70, 70, 70, 70)
    assert seen.LAeq_60s == pytest.approx(67, abs=0.2) and seen.L90_60s == pytest.approx(50, abs=0.1)
    assert seen.N == 16 and seen.N5_60s == pytest.approx(16, rel=0.01)
    assert len(seen.bands) == 31 and seen.bands[0] is not None
    hear(view, range(90, 130), 70, 16)
    assert snapshot(view, 130).L90_60s == pytest.approx(70, abs=0.1)


def test_a_level_is_told_at_once_and_bands_after_a_whole_second() -> None:
    view = LiveView(BASIS, THRESHOLDS)
    for k in range(8):
        assert view.values(k * LEVEL_FRAME)["bands"] == []
        view.add(frame(k * LEVEL_FRAME, 50))
        assert view.values((k + 1) * LEVEL_FRAME)["LAF"] == 50
    assert len(view.values(RATE_HZ)["bands"]) == 31


def test_predictions_and_how_long_events_have_lasted() -> None:
    view = LiveView(BASIS, THRESHOLDS, Uncertainty(0.2, 0.3))
    hear(view, range(20))
    for second in range(4, 20, 2):
        view.add(prediction(second * RATE_HZ, {"Bird": 0.9, "Animal": 0.8, "Silence": 0.9}))
    seen = snapshot(view, 20)
    assert seen.scene.label == "park" and seen.affect.isop == 0.25 and seen.affect.isop_uncertainty == 0.2
    assert seen.events["Bird"] == 0.9 and seen.active == {"Bird": 20.0}
    assert not seen.prediction_partial
    view.add(Gap(20 * RATE_HZ, 5 * RATE_HZ, "stall"))
    later = snapshot(view, 25)
    assert later.LAF is None and later.N is None and later.active == {}
    assert later.quality.coverage == 0.8
    assert snapshot(view, 60).scene.reason == "no_prediction"


def test_under_range_overload_and_clipping_are_shown() -> None:
    view = LiveView(LevelBasis(overload_db=110), THRESHOLDS)
    hear(view, range(5), 12.0)
    seen = snapshot(view, 5)
    assert seen.LAF is None and seen.quality.under_range_pct == 100 and not seen.quality.calibrated
    for k in range(8):
        view.add(frame(5 * RATE_HZ + k * LEVEL_FRAME, 90, peak_pa=20.0, n_clipped=6))
    quality = snapshot(view, 6).quality
    assert quality.overload_pct == pytest.approx(100 / 6, abs=0.01) and quality.clipped_pct > 0


def test_any_programme_can_be_shown() -> None:
    view = LiveView(BASIS, {label: EventThreshold(0.4, 0.4, 0.3) for label in EVENTS})
    for item in programme(150, gaps=((40, 10), (80, 1))):
        view.add(item)
        if isinstance(item, LevelFrame) and item.start_sample % RATE_HZ == 0:
            seen = snapshot(view, item.start_sample // RATE_HZ + 1)
            assert np.isfinite(seen.quality.coverage)
