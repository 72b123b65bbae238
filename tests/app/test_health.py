"""Health: ok, degraded or failing, with reasons that name the cause."""

import time
from pathlib import Path

from monitor.app.health import DEAF_AFTER_S, HealthMonitor, Vitals


def vitals() -> Vitals:
    return Vitals(capture="capturing 48000 Hz", calibrated=True, calibration="94 dB", clock="synchronised")


def test_a_node_with_everything_is_ok(tmp_path: Path) -> None:
    health = HealthMonitor(vitals(), tmp_path, live=True).read()
    assert health.state == "ok" and health.reasons == [] and health.rss_mb and health.disk_free_mb


def test_a_deaf_node_is_failing_and_says_why(tmp_path: Path) -> None:
    v = vitals()
    v.capture, v.capture_degraded = "waiting for the microphone: unplugged", True
    assert HealthMonitor(v, tmp_path, live=True).read().state == "degraded"
    v.last_heard = time.monotonic() - DEAF_AFTER_S - 1
    health = HealthMonitor(v, tmp_path, live=True).read()
    assert health.state == "failing" and "unplugged" in health.reasons[0]


def test_each_trouble_is_named(tmp_path: Path) -> None:
    v = vitals()
    v.calibrated, v.clock, v.hop_s = False, "unsynchronised", 4.0
    v.model_fault, v.broker, v.broker_ok = "levels only: no bundle", lambda: "reconnecting: refused", lambda: False
    v.llm, v.webhook, v.concerns = lambda: "circuit open", lambda: "failing: 500", lambda: ["not verified"]
    v.last_gap, v.gaps, v.gap_s = time.monotonic(), 2, 1.5
    health = HealthMonitor(v, tmp_path, live=True).read()
    said = " | ".join(health.reasons)
    for word in (
        "uncalibrated",
        "clock",
        "4 s instead of 2",
        "no bundle",
        "refused",
        "circuit",
        "500",
        "not verified",
        "2 gaps",
    ):
        assert word in said, word
    assert health.state == "degraded"


def test_a_history_that_cannot_be_written_is_failing(tmp_path: Path) -> None:
    v = vitals()
    v.history_fault = "history.db cannot grow"
    assert HealthMonitor(v, tmp_path, live=True).read().state == "failing"
