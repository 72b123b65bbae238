"""The stages `hear` (source to frames) and `infer` (frames to predictions)."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.app.health import Vitals
from monitor.app.hop import HopControl
from monitor.app.stages import Channel, Observation, Observations
from monitor.clock import LiveClock, SampleClock
from monitor.dsp.hearing import Heard, Hearing
from monitor.model.collector import Job
from monitor.model.predictor import Predictor
from monitor.sources.contract import Source
from monitor.types import LEVEL_FRAME, LOUDNESS_STEP, MEL_STEP, RATE_HZ, AudioBlock, Gap

log = logging.getLogger(__name__)

INFER_NICENESS = 5
"""Inference yields to hearing: a late prediction is a pity, a lost level is a fault."""


class Inbox:
    """Windows that wait for the network: live, the newest wins; for a file, the writer waits."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._jobs: list[Job] = []
        self._open = threading.Condition()
        self._busy = False
        self._ended = False

    def put(self, job: Job, stopped: Callable[[], bool]) -> int:
        """Hand over a window; return how many had to be left out for it."""
        with self._open:
            while not self._live and self._jobs and not stopped():
                self._open.wait(0.5)
            left_out = len(self._jobs)
            self._jobs[:] = [job]
            self._open.notify_all()
            return left_out

    def end(self) -> None:
        """No more will come."""
        with self._open:
            self._ended = True
            self._open.notify_all()

    def take(self, stopped: Callable[[], bool]) -> Job | None:
        """Wait for a window; None when no more will come."""
        with self._open:
            while not self._jobs:
                if self._ended or stopped():
                    return None
                self._open.wait(0.5)
            self._busy = True
            job = self._jobs.pop()
            self._open.notify_all()
            return job

    def done(self) -> None:
        """The window that was taken is finished."""
        with self._open:
            self._busy = False

    @property
    def idle(self) -> bool:
        """True when every window that was handed over is finished."""
        with self._open:
            return not self._jobs and not self._busy

    def depth(self) -> int:
        """Windows that wait."""
        return len(self._jobs)


class Listening:
    """Owns the source, the DSP and the network, in two threads."""

    def __init__(
        self,
        source: Source,
        hearing: Hearing,
        predictor: Predictor | None,
        clock: SampleClock,
        out: Channel[Observations],
        vitals: Vitals,
        *,
        stopping: Callable[[], bool],
        aborted: Callable[[], bool],
        hop: HopControl,
        until: int | None = None,
    ) -> None:
        self._source, self._hearing, self._predictor, self._clock = source, hearing, predictor, clock
        self._out, self._vitals, self._hop = out, vitals, hop
        self._stopping, self._aborted, self._until = stopping, aborted, until
        self.inbox = Inbox(live=source.live)
        self._observed_at = float("-inf")
        self._last_gap: tuple[int, str] | None = None
        self._levels_to = self._heard_to = self._framed_to = self._end = 0

    def hear(self) -> None:
        """Read until the source ends or the pipeline stops; then hand on what is left."""
        while not self._stopping() and (self._until is None or self._end < self._until):
            item = self._source.read(0.25)
            self._observe()
            if item is None:
                if self._source.exhausted:
                    break
            elif isinstance(item, Gap):
                self._skip(item)
            else:
                self._process(item)
        self._flush()
        self.inbox.end()

    def infer(self) -> None:
        """Run the network on every window that comes."""
        if self._predictor is not None and self._source.live:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), INFER_NICENESS)
        while (job := self.inbox.take(self._aborted)) is not None:
            assert self._predictor is not None
            started = time.monotonic()
            prediction = self._predictor.infer(job)
            self._hop.took(time.monotonic() - started)
            self.inbox.done()
            if self._source.live:
                lag = datetime.now(UTC) - self._clock.utc(prediction.end_sample)
                self._vitals.inference_lag_s = round(lag.total_seconds(), 3)
            self._out.put(Observations((prediction,), inferred_to=prediction.end_sample))

    def _observe(self) -> None:
        self._vitals.capture, self._vitals.capture_degraded = self._source.state, self._source.degraded
        seen = self._source.last_observation
        if seen is not None and seen[1] - self._observed_at >= 1 and isinstance(self._clock, LiveClock):
            self._observed_at = seen[1]
            wall, now = datetime.now(UTC), time.monotonic()
            sample, at = seen
            step = self._clock.observe(sample, wall - timedelta(seconds=now - at), at)
            if step is not None:
                log.warning("clock.step", extra={"seconds": round(step.seconds, 3)})
        self._vitals.clock = self._clock.quality

    def _skip(self, gap: Gap) -> None:
        self._hearing.reset(gap.end_sample)
        if self._predictor is not None:
            self._predictor.reset(gap.end_sample)
        self._levels_to = self._heard_to = self._framed_to = self._end = gap.end_sample
        if gap.cause != "alignment":
            self._vitals.gap_s += gap.n_samples / RATE_HZ
            self._vitals.last_gap = time.monotonic()
            if self._last_gap != (gap.start_sample, gap.cause):  # a long absence comes in adjoining pieces
                self._vitals.gaps += 1
                log.warning("capture.gap", extra={"cause": gap.cause, "state": self._source.state})
            self._last_gap = (gap.end_sample, gap.cause)
        self._hand_on([gap])

    def _process(self, block: AudioBlock) -> None:
        self._vitals.last_heard = time.monotonic()
        pressure_pa = block.pressure_pa[: None if self._until is None else self._until - block.start_sample]
        self._end = block.start_sample + len(pressure_pa)
        self._frames(self._hearing.process(pressure_pa, block.n_clipped))

    def _flush(self) -> None:
        """Hand on what only the end of the sound brings out."""
        self._frames(self._hearing.flush())
        if self._predictor is not None and (job := self._predictor.finish()) is not None:
            self._give(job)
        self._heard_to = max(self._heard_to, self._end)
        self._hand_on([])

    def _frames(self, heard: Heard) -> None:
        """Hand on frames to aggregation, and windows to the network."""
        if heard.levels:
            self._levels_to = heard.levels[-1].start_sample + LEVEL_FRAME
        loudness_to = heard.loudness.start_sample + LOUDNESS_STEP * len(heard.loudness.n_sone)
        self._heard_to = min(self._levels_to, loudness_to)
        if self._predictor is not None:
            for job in self._predictor.collect(heard.mel, heard.loudness):
                self._give(job)
            if len(heard.mel.log_mel):
                self._framed_to = heard.mel.start_sample + MEL_STEP * (len(heard.mel.log_mel) - 1)
        self._hand_on([*heard.levels, heard.loudness])

    def _hand_on(self, items: list[Observation]) -> None:
        """Pass on what was found, and how far predictions have come: all the way when no window is under way."""
        idle = self._predictor is not None and self.inbox.idle
        inferred_to = min(self._framed_to, self._heard_to) if idle else None
        self._out.put(Observations(tuple(items), self._heard_to, inferred_to))

    def _give(self, job: Job) -> None:
        left_out = self.inbox.put(job, self._aborted)
        if not self._source.live:
            return
        self._hop.left_out(left_out)
        self._vitals.drops = self._hop.drops
        if left_out:
            self._vitals.last_drop = time.monotonic()
        hop_s = self._hop.choose()
        if hop_s != self._vitals.hop_s:
            log.warning("model.hop", extra={"from_s": self._vitals.hop_s, "to_s": hop_s, "left_out": self._hop.drops})
            self._vitals.hop_s = hop_s
            assert self._predictor is not None
            self._predictor.set_hop(hop_s)
