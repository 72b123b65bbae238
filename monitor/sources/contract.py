"""The contract of everything that sound comes from."""

from types import TracebackType
from typing import ClassVar, Protocol, Self

from monitor.sources.calibration import CalibrationState
from monitor.types import AudioBlock, Gap


class SourceError(Exception):
    """No sound can be had: one sentence saying what was wrong, where, and what to do; `exit_code` goes with it."""

    exit_code: ClassVar[int] = 69


class BadInput(SourceError):
    """A file is there, but what it holds cannot be used (exit code 65)."""

    exit_code = 65


class MissingInput(SourceError):
    """A file or a folder is not there, or cannot be read (exit code 66)."""

    exit_code = 66


class DeviceError(SourceError):
    """The audio system cannot be used at all (exit code 69); a device that is merely away is waited for instead."""


class AudioSystemHung(DeviceError):
    """A call into the audio system did not return: the process must end (exit code 69), and be started afresh."""


class Source(Protocol):
    """A stream of pressure at 48 kHz, one channel, read by one thread.

    What `read` returns adjoins: each block or gap starts where the one before ended, the first at sample 0, and after
    a gap sound starts on a multiple of FRAME_GRID. A long absence comes as successive adjoining gaps, about one a
    second, so that time goes on for whoever listens. A gap with the cause `alignment` parts successive files (it may
    be 0 samples long): what follows has nothing to do with what came before, so stateful processing restarts, but
    nothing was lost.
    """

    live: bool
    """True: sound comes whether it is read or not, and is lost when read too late. False: the source waits."""
    calibration: CalibrationState
    counters: dict[str, int]
    """How often each kind of fault occurred since the start, by name."""
    faults: list[str]
    """What could not be read of the input, a sentence each; if any, a run ends with exit code 65 after the rest."""

    @property
    def exhausted(self) -> bool:
        """True when nothing will ever come again."""
        ...

    @property
    def state(self) -> str:
        """What the source is doing, for people: "capturing 48000 Hz from X", "waiting for the microphone: ..."."""
        ...

    @property
    def degraded(self) -> bool:
        """True while the sound that should be heard is not."""
        ...

    @property
    def last_observation(self) -> tuple[int, float] | None:
        """A recent pair of sample index and the `time.monotonic()` at which that sample was at the microphone, in s.

        None where samples have nothing to do with the time of day (files), and before the first sound.
        """
        ...

    def read(self, timeout_s: float) -> AudioBlock | Gap | None:
        """Return the next block or gap; None: none within the timeout; raises SourceError when there can be none."""
        ...

    def close(self) -> None:
        """Let go of the device or file; reading is over. May be called twice, and from any thread."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
