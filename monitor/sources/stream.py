"""One opening of an input device: from `open` until it ends, by itself or because it is closed."""

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.settings import AudioSettings
from monitor.sources.conditioner import Channel
from monitor.sources.devices import WRONG_RATE, DeviceAway, InputDevice, reason
from monitor.sources.ring import Ring
from monitor.types import RATE_HZ

BLOCK_S = 0.05
"""Sound that the driver hands over at a time, s."""
LATENCY_S = 0.2
"""Buffer asked of the driver, s: against overruns; the time of the sound is not affected."""
MANY_CHANNELS = 8
"""A device with more is a virtual one, whose further channels are made up."""


class DeviceStream:
    """An open device, its ring, and what is known of its life.

    Raises DeviceAway, with the reason, when it cannot be opened now. The callback copies and nothing else.
    """

    def __init__(self, sd: Any, device: InputDevice, settings: AudioSettings) -> None:
        self.device = device
        self.ended: str | None = None
        """Why it ended; set by whoever watches over it, before it is closed."""
        self.finished = threading.Event()
        """The driver ended it."""
        self.opened_s = time.monotonic()
        wanted = settings.channel
        channels = _channels(device, wanted)
        self._column = wanted if isinstance(wanted, int) else None
        self.channel: Channel = 0 if self._column is not None else "mean"
        """Channel of the ring's frames to listen to: where one was chosen, the ring holds it alone."""
        rates = [settings.rate_hz] if settings.rate_hz else list(dict.fromkeys((RATE_HZ, device.rate_hz, 44_100)))
        self.rate_hz, self._stream = self._open(sd, channels, rates)
        columns = 1 if self._column is not None else channels
        self.ring = Ring(round(settings.ring_s * self.rate_hz), columns, self.rate_hz)
        try:
            self._stream.start()
        except sd.PortAudioError as error:
            self._stream.close()
            raise DeviceAway(reason(device, error)) from None

    def _open(self, sd: Any, channels: int, rates: list[int]) -> tuple[int, Any]:
        for rate in rates:
            try:
                return rate, sd.InputStream(
                    device=self.device.index,
                    channels=channels,
                    samplerate=rate,
                    dtype="float32",
                    blocksize=round(BLOCK_S * rate),
                    latency=LATENCY_S,
                    callback=self._take,
                    finished_callback=self.finished.set,
                )
            except sd.PortAudioError as error:
                if rate == rates[-1] or WRONG_RATE not in error.args:
                    raise DeviceAway(reason(self.device, error)) from None
        raise DeviceAway(f"{self.device.name} offers none of the rates {rates}")

    def _take(self, frames: NDArray[np.float32], n: int, times: Any, status: Any) -> None:
        if self.ended is None:
            heard = frames if self._column is None else frames[:, self._column : self._column + 1]
            self.ring.write(heard, status.input_overflow, time.monotonic())

    def close(self) -> None:
        """Stop and close; may hang for as long as the audio system does."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def _channels(device: InputDevice, wanted: Channel) -> int:
    """Return how many channels to open: two where there are two, so that the first is not a mix of them."""
    if wanted == "mean":
        return device.channels if device.channels <= MANY_CHANNELS else 2
    if wanted >= device.channels:
        raise DeviceAway(
            f"{device.name} has {device.channels} channel(s); there is no channel {wanted} (counted from 0)"
        )
    return min(device.channels, max(wanted + 1, 2))
