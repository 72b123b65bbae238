"""Streaming log-mel spectrum in the convention of the published features: 16 kHz, 512-point frames every 10 ms."""

from dataclasses import dataclass
from math import log10

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.dsp.jit import kernel
from monitor.dsp.resample import Resampler
from monitor.dsp.streaming import Streaming, as_samples
from monitor.types import Float32Array, FloatArray

MEL_RATE_HZ = 16_000
N_FFT = 512
HOP = 160
"""Samples between frames at 16 kHz (10 ms)."""
N_MELS = 64
F_MIN_HZ, F_MAX_HZ = 50.0, 8_000.0
FLOOR = 1e-10
"""Smallest mel power: -100 dB."""


def hz_to_mel(frequency_hz: FloatArray) -> FloatArray:
    """Slaney's mel scale: linear below 1 kHz (15 mel), logarithmic above (27 steps per factor 6.4)."""
    above = 15 + 27 * np.log(np.maximum(frequency_hz, 1000) / 1000) / np.log(6.4)
    return np.where(frequency_hz < 1000, frequency_hz * 3 / 200, above)


def mel_to_hz(mel: FloatArray) -> FloatArray:
    """Inverse of hz_to_mel."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def mel_bank() -> FloatArray:
    """Return the triangular filters of equal area, shape (64, 257), as in Slaney's Auditory Toolbox and librosa."""
    ends = hz_to_mel(np.array([F_MIN_HZ, F_MAX_HZ]))
    edges = mel_to_hz(np.linspace(ends[0], ends[1], N_MELS + 2))
    bins = np.arange(N_FFT // 2 + 1) * (MEL_RATE_HZ / N_FFT)
    low, mid, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)))
    return np.asarray(triangles * 2 / (high - low), dtype=np.float64)


@kernel
def _windowed(samples: FloatArray, window: FloatArray, count: int) -> FloatArray:
    """Return frames of 512 samples every 160, times the window, (count, 512)."""
    frames = np.empty((count, N_FFT))
    for frame in range(count):
        for k in range(N_FFT):
            frames[frame, k] = samples[frame * HOP + k] * window[k]
    return frames


@kernel
def _log_mel(spectrum: NDArray[np.complex128], bank: FloatArray, limits: NDArray[np.int64], out: Float32Array) -> None:
    """Turn spectra (m, 257) into log-mel (m, 64), 10 lg(max(x, FLOOR)); limits: first and last + 1 bin of a band."""
    for frame in range(spectrum.shape[0]):
        for band in range(N_MELS):
            power = 0.0
            for k in range(limits[band, 0], limits[band, 1]):
                value = spectrum[frame, k]
                power += bank[band, k] * (value.real * value.real + value.imag * value.imag)
            out[frame, band] = 10.0 * log10(max(power, FLOOR))


@dataclass(slots=True)
class LogMelState:
    """Moving state of a StreamingLogMel."""

    pending: FloatArray
    """16 kHz samples from the first that the next frame needs."""
    begun: bool
    """Whether the reflection at the start has been put before them."""


class StreamingLogMel(Streaming[LogMelState]):
    """Log-mel frames, not normalised, dB re sample value 1.0; frame k is centred on input time k / 100 s.

    rate_in: Hz, 8,000 to 192,000. Input: sample values on the network's training scale (Pa / 2.835798). The sound
    goes to 16 kHz with the published filter; the start is reflected, and so is the end when flushed, so that a whole
    clip gives the published 1 + floor(n / 160) frames. A frame is final 16 ms after its centre (and the filter's 4
    ms).
    """

    def __init__(self, rate_in: int = 48_000) -> None:
        self._resampler = Resampler(rate_in, MEL_RATE_HZ, "network")
        self._parts = {"resampler": self._resampler}
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
        self._bank = mel_bank()
        used = self._bank > 0
        self._limits = np.stack((used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)), axis=1)
        self.reset()

    def _fresh(self) -> LogMelState:
        return LogMelState(pending=np.zeros(0), begun=False)

    def process(self, chunk: ArrayLike) -> Float32Array:
        """Take samples, shape (n,), and return the frames that are final, float32, shape (m, 64)."""
        return self.advance(as_samples(chunk, "chunk"))

    def advance(self, samples: FloatArray) -> Float32Array:
        """Do the work of `process` for samples that `as_samples` has checked."""
        return self._frames(self._resampler.advance(samples))

    def flush(self) -> Float32Array:
        """Return the frames at the end of the sound, whose far side is reflected, and reset."""
        frames = [self._frames(self._resampler.flush())]
        state = self._state
        if len(state.pending) > 1:
            left = 0 if state.begun else N_FFT // 2
            missing = 1 + (len(state.pending) - N_FFT // 2 + left) // HOP
            padded = np.pad(state.pending, (left, N_FFT // 2), mode="reflect")
            frames.append(self._spectra(padded[: (missing - 1) * HOP + N_FFT]))
        self.reset()
        return np.concatenate(frames)

    def _frames(self, samples: FloatArray) -> Float32Array:
        state = self._state
        held = np.concatenate((state.pending, samples))
        if not state.begun and len(held) > N_FFT // 2:
            held = np.concatenate((held[N_FFT // 2 : 0 : -1], held))
            state.begun = True
        count = max(0, (len(held) - N_FFT) // HOP + 1) if state.begun else 0
        state.pending = held[count * HOP :].copy()
        return self._spectra(held[: (count - 1) * HOP + N_FFT] if count else held[:0])

    def _spectra(self, samples: FloatArray) -> Float32Array:
        count = max(0, (len(samples) - N_FFT) // HOP + 1)
        out = np.empty((count, N_MELS), dtype=np.float32)
        if count:
            _log_mel(np.fft.rfft(_windowed(samples, self._window, count)), self._bank, self._limits, out)
        return out


def log_mel(samples: ArrayLike, rate: int) -> Float32Array:
    """Return the log-mel of a whole clip on the training scale, float32, shape (1 + floor(n16k / 160), 64)."""
    stream = StreamingLogMel(rate)
    return np.concatenate((stream.process(samples), stream.flush()))
