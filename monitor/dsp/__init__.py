"""Streaming acoustics: resampling, weighting, third octaves, ISO 532-1 loudness and log-mel, with carried state.

Import the classes from their modules (`monitor.dsp.hearing.Hearing` is the whole chain). Everything here is pure: no
input or output, no logging, no threads, no clock.
"""


def warm_up() -> None:
    """Compile or load all kernels, so that the first chunk of a capture is not late: 5 s cold, 1 s cached."""
    import numpy as np

    from monitor.dsp.hearing import Hearing
    from monitor.dsp.loudness import StreamingLoudness
    from monitor.dsp.resample import Resampler
    from monitor.types import LEVEL_FRAME

    tone = np.sin(np.arange(2 * LEVEL_FRAME) * 0.1)
    Hearing().process(tone)
    Resampler(44_100, 48_000).process(tone)
    StreamingLoudness(specific=True).process(tone)
