"""UTC from samples: exact for recordings; for microphones true in the long run, whatever the wall clock does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import MAX_BACK_SLEW_PPB, STEP_S, ClockStep, LiveClock, SampleClock, kernel_synchronised
from monitor.types import RATE_HZ

START = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


def test_a_recording_counts_from_its_start() -> None:
    clock = SampleClock(START)
    assert clock.quality == "simulated"
    assert clock.utc(0) == START
    assert clock.utc(RATE_HZ * 3600) == START + timedelta(hours=1)
    assert clock.sample(START + timedelta(seconds=90)) == 90 * RATE_HZ
    with pytest.raises(ValueError, match="time zone"):
        SampleClock(datetime(2026, 1, 1))


@given(st.integers(0, 2**45), st.integers(0, 10**12))
def test_sample_and_utc_are_inverse(sample: int, micros: int) -> None:
    clock = SampleClock(START)
    assert clock.sample(clock.utc(sample)) <= sample < clock.sample(clock.utc(sample) + timedelta(microseconds=1))
    time = START + timedelta(microseconds=micros)
    first = clock.sample(time)
    assert clock.utc(first) >= time and (first == 0 or clock.utc(first - 1) < time)


class Rig:
    """A sound card and a wall clock, both as wrong as wanted; observed once a second."""

    def __init__(self, ppm: float = 0, wall_error_s: float = 0, synchronised: bool = True, jitter_s: float = 0) -> None:
        self.true_s = 0.0
        self.ppm = ppm
        self.wall_error_s = wall_error_s
        self.synchronised = synchronised
        self.suspended_s = 0.0
        self.rng = np.random.default_rng(1)
        self.jitter_s = jitter_s
        self.clock = LiveClock(self.wall(), lambda: self.synchronised)
        self.steps: list[ClockStep] = []

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.true_s + self.wall_error_s)

    @property
    def sample(self) -> int:
        return round((self.true_s - self.suspended_s) * RATE_HZ * (1 + self.ppm / 1e6))

    def run(self, seconds: int) -> Iterator[float]:
        for _ in range(seconds):
            self.true_s += 1
            if self.true_s >= 60:
                self.clock.settle(self.sample - 60 * RATE_HZ)
            late = float(self.rng.exponential(self.jitter_s)) if self.jitter_s else 0
            sample = self.sample - round(late * RATE_HZ)
            step = self.clock.observe(sample, self.wall(), self.true_s - self.suspended_s)
            if step is not None:
                self.steps.append(step)
            yield self.error_s

    @property
    def error_s(self) -> float:
        return (self.clock.utc(self.sample) - START).total_seconds() - self.true_s


@pytest.mark.parametrize("ppm", [-100, -20, 0, 50, 120])
def test_drift_of_the_sound_card_is_followed(ppm: float) -> None:
    rig = Rig(ppm=ppm, jitter_s=0.02)
    errors = list(rig.run(4 * 3600))
    assert rig.steps == []
    assert max(map(abs, errors)) < 0.05
    assert max(map(abs, errors[3600:])) < 0.01
    assert rig.clock.quality == "synchronised"


def test_a_minute_stays_a_minute_while_drift_is_corrected() -> None:
    rig = Rig(ppm=100)
    list(rig.run(3600))
    edges = [rig.clock.sample(START + timedelta(minutes=m)) for m in range(59)]
    lengths = np.diff(edges) / RATE_HZ
    assert np.all(np.abs(lengths - 60) < 0.04)


def test_the_first_synchronisation_restamps_what_is_not_told() -> None:
    rig = Rig(wall_error_s=-86_400 * 200, synchronised=False)
    list(rig.run(90))
    assert rig.clock.quality == "unsynchronised"
    told = 60 * RATE_HZ
    before = rig.clock.utc(told - 1)
    rig.clock.settle(told)
    rig.wall_error_s, rig.synchronised = 0.0, True
    list(rig.run(1))
    assert rig.clock.quality == "synchronised"
    assert rig.clock.utc(told - 1) == before, "what was told keeps its time"
    assert abs((rig.clock.utc(told) - START).total_seconds() - 60) < 0.01, "the open minute is put right"
    assert [round(step.seconds) for step in rig.steps] == [86_400 * 200]


def test_a_node_that_never_synchronises_follows_the_wall_clock_forward_only() -> None:
    rig = Rig(wall_error_s=-1000, synchronised=False)
    list(rig.run(30))
    rig.wall_error_s = 0
    list(rig.run(30))
    assert abs(rig.error_s) < 0.01 and len(rig.steps) == 1
    rig.wall_error_s = -3600
    list(rig.run(300))
    assert abs(rig.error_s) < 0.01 and len(rig.steps) == 1
    assert rig.clock.quality == "unsynchronised"


@pytest.mark.parametrize("jump_s", [-7200, -3600, -30, 40, 3600, 86_400])
def test_a_wall_clock_set_by_hand_is_not_followed_once_the_time_was_known(jump_s: int) -> None:
    rig = Rig()
    list(rig.run(600))
    rig.wall_error_s, rig.synchronised = jump_s, False
    list(rig.run(600))
    assert abs(rig.error_s) < 0.01 and rig.steps == []
    assert rig.clock.quality == "unsynchronised"
    rig.wall_error_s, rig.synchronised = 0, True
    list(rig.run(60))
    assert abs(rig.error_s) < 0.01 and rig.steps == []
    assert rig.clock.quality == "synchronised"


def test_a_sleep_of_the_machine_is_a_step_from_then_on() -> None:
    rig = Rig()
    list(rig.run(100))
    asleep_at = rig.sample
    before = rig.clock.utc(asleep_at)
    rig.true_s += 600
    rig.suspended_s += 600
    list(rig.run(5))
    assert abs(rig.error_s) < 0.01
    assert rig.clock.utc(asleep_at) == before
    assert [round(step.seconds) for step in rig.steps] == [600]
    elapsed = rig.clock.elapsed_us(0, rig.sample) / 1e6
    assert abs(elapsed - 105) < 0.01, "the jump is no time that was heard"
    lost = rig.clock.sample(START + timedelta(seconds=300))
    assert abs(lost - rig.steps[0].sample) <= 1, "times that were slept through begin with the first sample after"


def test_a_small_step_back_is_absorbed_without_repeating_time() -> None:
    rig = Rig(wall_error_s=20)
    list(rig.run(60))
    rig.wall_error_s = 0
    errors = list(rig.run(3600))
    assert rig.steps == []
    assert errors[0] > 19 and abs(errors[-1]) < 0.05
    times = [rig.clock.utc(k * RATE_HZ) for k in range(0, 3600, 7)]
    assert all(a < b for a, b in pairwise(times))
    slowest = min((b - a).total_seconds() / 7 for a, b in pairwise(times))
    assert slowest >= 1 - MAX_BACK_SLEW_PPB / 1e9 - 1e-4


def test_a_large_step_back_of_a_trusted_clock_is_told() -> None:
    rig = Rig(wall_error_s=3600)
    list(rig.run(300))
    rig.wall_error_s = 0
    list(rig.run(300))
    assert abs(rig.error_s) < 0.01
    at = rig.steps[0].sample
    assert rig.clock.utc(at) < rig.clock.utc(at - 1)
    again = rig.clock.sample(rig.clock.utc(at - 1) + timedelta(seconds=1))
    assert again > rig.sample, "a time that was used comes again only after the clock has caught up"


def test_sound_lost_without_notice_is_put_right() -> None:
    rig = Rig()
    list(rig.run(100))
    rig.ppm = 0
    rig.suspended_s += 3
    offset = rig.suspended_s
    for _ in range(40):
        rig.true_s += 1
        step = rig.clock.observe(rig.sample, rig.wall(), rig.true_s)
        rig.steps += [step] if step else []
    assert offset == 3 and abs(rig.error_s) < 0.01
    assert [round(step.seconds) for step in rig.steps] == [3]


def test_the_first_observation_sets_the_clock_silently() -> None:
    for delay_s in (-0.3, 0.4, 12.0, -5.0):
        clock = LiveClock(START, lambda: False)
        assert clock.observe(2 * RATE_HZ, START + timedelta(seconds=2 + delay_s), 100.0) is None
        assert clock.utc(0) == START + timedelta(seconds=delay_s)


def test_late_observations_are_not_mistaken_for_a_step() -> None:
    rig = Rig(jitter_s=0.3)
    errors = list(rig.run(3600))
    assert rig.steps == []
    assert max(map(abs, errors[20:])) < STEP_S / 4


def test_the_kernel_can_be_asked() -> None:
    assert kernel_synchronised() in (True, False)
