"""Sound from a microphone, for months: every way it may fail is noticed, becomes a gap, and is recovered from."""

import threading
import time
from collections import deque
from math import ceil

from monitor.settings import AudioSettings, CalibrationSettings
from monitor.sources.calibration import CalibrationStore, device_key, resolve
from monitor.sources.conditioner import Conditioner
from monitor.sources.contract import Source
from monitor.sources.keeper import DeviceKeeper
from monitor.sources.lateness import Lateness
from monitor.sources.ring import Loss
from monitor.sources.stream import DeviceStream
from monitor.types import FRAME_GRID, RATE_HZ, AudioBlock, Gap

POLL_S = 0.05
BLOCKS_PER_S = 10
SETTLE_S = 0.25
"""Sound after which a stream's first frame is placed: the driver may hand over the first blocks in a hurry, s."""
ARRIVING_S = 0.6
"""Sound may be on its way for this long: a gap that goes on is told up to this long ago, s."""
GAP_PIECE = RATE_HZ
"""A gap that goes on is told at once, and then in pieces of this many samples at least."""


class _Hearing:
    """A stream that delivers, and where its frames lie on the time line.

    start: sample index of the stream's frame `lead`; the frames before it are left out, to start on the grid.
    """

    def __init__(self, stream: DeviceStream, start: int, lead: int, full_scale_pa: float) -> None:
        self.stream, self.lead = stream, lead
        self._start, self._native = start, -lead
        self.conditioner = Conditioner(
            stream.rate_hz, channel=stream.channel, full_scale_pa=full_scale_pa, start_sample=start
        )

    def sample(self, index: int) -> float:
        """Return the sample index of a frame, if nothing more was lost before it."""
        return self._start + (index + self._native) * RATE_HZ / self.stream.rate_hz

    def read(self) -> list[AudioBlock | Gap] | None:
        """Return what up to 100 ms of sound become; None when nothing has arrived."""
        frames = self.stream.ring.read(self.stream.rate_hz // BLOCKS_PER_S)
        if not len(frames):
            return None
        lead = min(self.lead, len(frames))
        self.lead -= lead
        return self.conditioner.process(frames[lead:])

    def lose(self, loss: Loss, lateness: Lateness) -> list[AudioBlock | Gap]:
        """Return what a loss becomes; how much the driver lost shows in how late the next sound comes."""
        n = loss.n_frames
        if loss.unknown:
            end = self.sample(loss.index + n + loss.n_following)
            n += round(lateness.late(end, loss.at_s) * self.stream.rate_hz)
        self._native += n
        lead = min(self.lead, n)
        self.lead -= lead
        return self.conditioner.lost(n - lead, "overrun")


class MicrophoneSource(Source):
    """The input device of the settings, waited for and reopened for ever.

    `read` looks only at what the keeper's thread and the driver's callback left behind, and raises AudioSystemHung
    when the audio system does not answer for `hang_s`. Sample 0 is the first sound, or the time of opening where none
    came within `first_frame_s`; after an absence the index goes on by the monotonic clock. Causes of gaps: `overrun`,
    `stall` (nothing more is delivered), `vanished` (unplugged, or not there yet), `suspended` (opens again but
    delivers nothing), `no_first_frame` (never delivered), `non_finite`. Raises DeviceError where PortAudio is
    missing. The calibration is that of the device, and so known once it was opened.
    """

    live = True
    exhausted = False

    def __init__(
        self, audio: AudioSettings, calibration: CalibrationSettings, store: CalibrationStore | None = None
    ) -> None:
        self._keeper = DeviceKeeper(audio)
        self._audio, self._calibration_settings, self._store = audio, calibration, store
        self.faults: list[str] = []
        self.counters = self._keeper.counters
        self.counters.update(overruns=0, non_finite=0)
        self._closed = threading.Event()
        self._opened_s = time.monotonic()
        self._lateness = Lateness(self._opened_s)
        self._hearing: _Hearing | None = None
        self._begun = False
        self._next, self._gap_cause = 0, "vanished"
        self._told_cause: str | None = None
        self._pending: deque[AudioBlock | Gap] = deque()
        self._observation: tuple[int, float] | None = None
        self._keeper.wait_for_first_try()
        self._calibrate()

    @property
    def state(self) -> str:
        """Capturing from what, or waiting for what."""
        return self._keeper.state

    @property
    def device(self) -> str | None:
        """Stable name of the device, once it was opened."""
        return self._keeper.device

    @property
    def degraded(self) -> bool:
        """True while nothing is heard."""
        return self._hearing is None

    @property
    def last_observation(self) -> tuple[int, float] | None:
        """The newest sample that arrived, and when, s."""
        return self._observation

    def read(self, timeout_s: float) -> AudioBlock | Gap | None:
        """Return the next block (100 ms) or gap; AudioSystemHung when the audio system does not answer."""
        deadline = time.monotonic() + timeout_s
        while not self._closed.is_set():
            if self._pending:
                return self._pending.popleft()
            self._keeper.check()
            if not self._advance():
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._closed.wait(min(left, POLL_S))
        return None

    def close(self) -> None:
        """Let go of the device."""
        self._closed.set()
        self._keeper.close()

    def _calibrate(self) -> None:
        device = self._keeper.device and device_key(self._keeper.device, self._audio.channel)
        self.calibration = resolve(self._calibration_settings, self._store, device)

    def _advance(self) -> bool:
        """Take one step through what has arrived; False when there is nothing new."""
        if self._hearing is None and self._keeper.streams:
            stream = self._keeper.streams[0]
            start_s = stream.ring.start_s
            if start_s is not None and (
                stream.ended or not self._begun or stream.ring.written >= SETTLE_S * stream.rate_hz
            ):
                self._hearing = self._begin(stream, start_s)
            elif stream.ended is not None:
                self._end(stream.ended)
                return True
        return self._miss() if self._hearing is None else self._hear(self._hearing)

    def _begin(self, stream: DeviceStream, start_s: float) -> _Hearing:
        """Place the first frame of a stream on the time line."""
        self._calibrate()
        start, lead = 0, 0.0
        if self._begun:
            arrived = max(float(self._next), self._lateness.sample_at(start_s))
            start = ceil(arrived / FRAME_GRID) * FRAME_GRID
            lead = start - arrived
            self._pending.append(Gap(self._next, start - self._next, self._gap_cause))
        self._begun, self._told_cause = True, None
        return _Hearing(stream, start, round(lead * stream.rate_hz / RATE_HZ), self.calibration.full_scale_pa)

    def _end(self, cause: str) -> None:
        self._gap_cause = cause
        self._keeper.streams.popleft()
        self._hearing = None

    def _hear(self, hearing: _Hearing) -> bool:
        ring, ended = hearing.stream.ring, hearing.stream.ended
        if loss := ring.next_loss():
            self.counters["overruns"] += 1
            self._pending += hearing.lose(loss, self._lateness)
            return True
        items = hearing.read()
        if items is not None:
            self.counters["non_finite"] += sum(isinstance(i, Gap) and i.cause == "non_finite" for i in items)
            self._pending += items
            written, at_s = ring.last
            if not ring.losses:
                self._observation = (round(hearing.sample(written)), at_s)
                self._lateness.observe(*self._observation)
            return True
        if ended is None:
            return False
        self._pending += hearing.conditioner.flush()
        self._next = hearing.conditioner.next_sample
        self._end(ended)
        return True

    def _miss(self) -> bool:
        """Tell of the sound that is missing, up to now."""
        now = time.monotonic()
        if not self._begun and now - self._opened_s < self._audio.first_frame_s:
            return False
        self._begun = True
        until = int(self._lateness.sample_at(now - ARRIVING_S)) // FRAME_GRID * FRAME_GRID
        if until - self._next < (GAP_PIECE if self._gap_cause == self._told_cause else FRAME_GRID):
            return False
        self._pending.append(Gap(self._next, until - self._next, self._gap_cause))
        self._next, self._told_cause = until, self._gap_cause
        self._observation = (until, now - ARRIVING_S)
        return True
