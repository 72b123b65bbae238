"""Sample index to UTC and back: the one place where the two meet.

A recording's clock is a straight line. A live clock is a line of pieces: its rate follows the wall clock slowly, so
that a minute stays a minute; where the wall clock was wrong and is put right, a new piece begins.
"""

import ctypes
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from monitor.records import ClockQuality
from monitor.types import RATE_HZ

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

STEP_S = 0.5
"""A larger difference from the wall clock is a step, a smaller one is drift, s."""
BACK_SLEW_S = 60.0
"""A step back up to this is absorbed by running slow, since time that was told cannot be told again, s."""
WINDOW_S = 16.0
"""Drift is judged from the least late observation of this long, s."""
SETTLE_S = 256.0
"""Drift is corrected over this long, s."""
MAX_SLEW_PPB = 500_000
"""Fastest correction of drift: 0.5 ms a second."""
MAX_BACK_SLEW_PPB = 20_000_000
"""Fastest running slow after a step back: 20 ms a second."""


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class _Piece:
    sample: int
    micros: int
    ppb: int = 0
    """How much faster than nominal the UTC runs against the samples, parts in 10^9."""

    def at(self, sample: int) -> int:
        return self.micros + (sample - self.sample) * (10**9 + self.ppb) // (RATE_HZ * 1000)

    def first(self, micros: int) -> int:
        return self.sample - (-(micros - self.micros) * (RATE_HZ * 1000)) // (10**9 + self.ppb)


def _first_sample(piece: _Piece) -> int:
    return piece.sample


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock was put right by a jump."""

    sample: int
    """From here on times are new."""
    seconds: float
    """Positive: forward."""


class SampleClock:
    """Derives UTC from the 48 kHz sample counter.

    `start` is the UTC time of sample 0, timezone-aware.
    """

    def __init__(self, start: datetime, quality: ClockQuality = "simulated") -> None:
        if start.tzinfo is None:
            raise ValueError(f"the clock needs a start time with a time zone, not {start.isoformat()}")
        self.quality: ClockQuality = quality
        self._pieces: tuple[_Piece, ...] = (_Piece(0, _micros(start)),)

    def utc(self, sample: int) -> datetime:
        """Return the UTC time of a sample, to the microsecond below."""
        return _EPOCH + timedelta(microseconds=self._piece(sample).at(sample))

    def sample(self, time: datetime, since: int = 0) -> int:
        """Return the first sample, from `since` on, whose time is not earlier than `time`."""
        pieces, micros = self._pieces, _micros(time)
        later = bisect_right(pieces, since, key=_first_sample)
        first = max(pieces[max(0, later - 1)].first(micros), since)
        for piece in pieces[later:]:
            if first < piece.sample:
                break
            first = max(piece.first(micros), piece.sample)
        return first

    def set_back(self, first: int, end: int) -> int | None:
        """Return the first sample in (first, end) at which time goes back, None for none."""
        for piece in self._later(first, end - 1):
            if piece.micros < self._piece(piece.sample - 1).at(piece.sample):
                return piece.sample
        return None

    def elapsed_us(self, first: int, end: int) -> int:
        """Return the UTC time from one sample to another without the jumps between them, microseconds."""
        edges = [first, *(piece.sample for piece in self._later(first, end - 1)), end]
        return sum(self._piece(a).at(b) - self._piece(a).at(a) for a, b in pairwise(edges))

    def settle(self, sample: int) -> None:
        """Promise that times before this sample were told: they are not put right any more."""

    def _piece(self, sample: int) -> _Piece:
        pieces = self._pieces
        return pieces[max(0, bisect_right(pieces, sample, key=_first_sample) - 1)]

    def _later(self, first: int, last: int) -> tuple[_Piece, ...]:
        """Return the pieces that begin after `first`, and not after `last`."""
        pieces = self._pieces
        begin = bisect_right(pieces, first, key=_first_sample)
        return pieces[begin : bisect_right(pieces, last, lo=begin, key=_first_sample)]


class LiveClock(SampleClock):
    """A clock for a microphone: `observe` once a second or oftener, from one thread; read from any.

    Whom it believes: a kernel that says it is synchronised, always. Before that was ever so, the wall clock, but only
    forward (a node without a battery clock starts in the past). Once it was so, an unsynchronised wall clock is not
    followed: the sample counter, whose rate is known by then, is the better one. The first synchronisation restamps
    all that is not told yet.
    """

    def __init__(self, start: datetime, synchronised: Callable[[], bool] | None = None) -> None:
        super().__init__(start, "unsynchronised")
        self._synchronised = synchronised or kernel_synchronised
        self._trusted_once = False
        self._settled = 0
        self._offset: float | None = None
        """Wall clock less monotonic clock at the last observation, s."""
        self._first_sample = -1
        self._least_late: float | None = None
        self._rate_ppb = 0.0

    def settle(self, sample: int) -> None:
        """Promise that times before this sample were told: they are not put right any more."""
        self._settled = max(self._settled, sample)

    def observe(self, sample: int, wall: datetime, monotonic_s: float) -> ClockStep | None:
        """Take note that `sample` was the newest at `wall`; both clocks are read together.

        Returns the step when the clock was put right by one.
        """
        trusted = self._synchronised()
        late = (_micros(wall) - self._piece(sample).at(sample)) / 1e6
        offset = _micros(wall) / 1e6 - monotonic_s
        if self._offset is None:  # nothing was told yet: whatever the wall clock says is the best start
            self._begin(self._settled, self._piece(self._settled).at(self._settled) + round(late * 1e6), 0)
            late, self._offset = 0.0, offset
        was_set = abs(offset - self._offset) > STEP_S
        self._offset = offset
        if was_set or (trusted and not self._trusted_once):
            self._restart_window()
            step = self._follow(sample, late, trusted)
        else:
            step = self._drift(sample, late, trusted)
        self._trusted_once = self._trusted_once or trusted
        error = (_micros(wall) - self._piece(sample).at(sample)) / 1e6
        near = abs(error) <= STEP_S or (self._least_late is not None and abs(self._least_late) <= STEP_S)
        self.quality = "synchronised" if trusted and near else "unsynchronised"
        return step

    def _restart_window(self) -> None:
        self._first_sample, self._least_late = -1, None

    def _follow(self, sample: int, late: float, trusted: bool) -> ClockStep | None:
        if abs(late) <= STEP_S or not (trusted or (late > 0 and not self._trusted_once)):
            return None
        if -BACK_SLEW_S <= late < 0:
            return None
        start = sample if self._trusted_once else min(self._settled, sample)
        self._begin(start, self._piece(start).at(start) + round(late * 1e6), round(self._rate_ppb))
        return ClockStep(start, late)

    def _drift(self, sample: int, late: float, trusted: bool) -> ClockStep | None:
        if self._first_sample < 0:
            self._first_sample = sample
        self._least_late = late if self._least_late is None else min(late, self._least_late)
        if sample - self._first_sample < WINDOW_S * RATE_HZ:
            return None
        error = self._least_late
        self._restart_window()
        if abs(error) <= STEP_S and self._settled == 0:  # nothing is told: the start is known better now
            self._begin(0, self._piece(0).at(0) + round(error * 1e6), 0)
            return None
        if abs(error) <= STEP_S:
            slew = error / SETTLE_S * 1e9
            self._rate_ppb += slew * WINDOW_S / (4 * SETTLE_S)
            self._rate_ppb = min(max(self._rate_ppb, -MAX_SLEW_PPB), MAX_SLEW_PPB)
            ppb = min(max(self._rate_ppb + slew, -MAX_SLEW_PPB), MAX_SLEW_PPB)
        elif trusted and -BACK_SLEW_S <= error < 0:
            ppb = self._rate_ppb + max(error / (2 * WINDOW_S) * 1e9, -MAX_BACK_SLEW_PPB)
        else:
            return self._follow(sample, error, trusted)
        self._begin(sample, self._piece(sample).at(sample), round(ppb))
        return None

    def _begin(self, sample: int, micros: int, ppb: int) -> None:
        """Let a new piece begin, in place of all later ones; 10,000 are kept, of nearly two days."""
        kept = tuple(piece for piece in self._pieces if piece.sample < sample)[-10_000:]
        self._pieces = (*kept, _Piece(sample, micros, ppb))


class _Timex(ctypes.Structure):
    """The head of `struct timex` (adjtimex(2)); the rest is room for what the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


_STA_UNSYNC = 0x0040
_adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)


def kernel_synchronised() -> bool:
    """Return whether the kernel says that its clock follows a time source; False where it cannot be asked."""
    if _adjtimex is None:
        return False
    timex = _Timex()
    return _adjtimex(ctypes.byref(timex)) >= 0 and not timex.status & _STA_UNSYNC
