"""Every stateful class of monitor.dsp, made comparable: a factory, a signal, and what came out as flat arrays."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from monitor.dsp.hearing import Hearing
from monitor.dsp.level_meter import LevelMeter
from monitor.dsp.loudness import StreamingLoudness
from monitor.dsp.mel import StreamingLogMel
from monitor.dsp.resample import Resampler
from monitor.dsp.third_octaves import ThirdOctaves


@dataclass(frozen=True)
class Stream:
    """How to make the object, how to feed it, and what a chunk gives as a tuple of arrays."""

    make: Callable[[], Any]
    feed: Callable[[Any, np.ndarray], tuple[np.ndarray, ...]]


def level_rows(frames: list[Any]) -> np.ndarray:
    """All fields of LevelFrames, one row each."""
    rows = [np.concatenate([np.atleast_1d(getattr(frame, field.name)) for field in fields(frame)]) for frame in frames]
    return np.array(rows).reshape(len(frames), 43)


def _heard(hearing: Hearing, chunk: np.ndarray) -> tuple[np.ndarray, ...]:
    heard = hearing.process(chunk)
    return level_rows(heard.levels), heard.loudness.n_sone, heard.mel.log_mel


STREAMS = {
    "resampler 44.1 to 48": Stream(lambda: Resampler(44_100, 48_000), lambda s, x: (s.process(x),)),
    "resampler 32 to 48": Stream(lambda: Resampler(32_000, 48_000), lambda s, x: (s.process(x),)),
    "resampler 96 to 48": Stream(lambda: Resampler(96_000, 48_000), lambda s, x: (s.process(x),)),
    "resampler 11.025 to 48": Stream(lambda: Resampler(11_025, 48_000), lambda s, x: (s.process(x),)),
    "resampler to the network": Stream(lambda: Resampler(48_000, 16_000, "network"), lambda s, x: (s.process(x),)),
    "log-mel": Stream(StreamingLogMel, lambda s, x: (s.process(x),)),
    "log-mel from 44.1": Stream(lambda: StreamingLogMel(44_100), lambda s, x: (s.process(x),)),
    "loudness": Stream(StreamingLoudness, lambda s, x: (s.process(x),)),
    "loudness, specific": Stream(
        lambda: StreamingLoudness(field="diffuse", specific=True), lambda s, x: s.process_specific(x)
    ),
    "third octaves": Stream(ThirdOctaves, lambda s, x: (s.process(x),)),
    "level meter": Stream(LevelMeter, lambda s, x: (level_rows(s.process(x)),)),
    "hearing": Stream(Hearing, _heard),
}


def run(stream: Stream, processor: Any, chunks: list[np.ndarray]) -> list[np.ndarray]:
    """Feed chunks and join what comes out."""
    parts = [stream.feed(processor, chunk) for chunk in chunks]
    return [np.concatenate([p for p in column if p.size] or [column[0]]) for column in zip(*parts, strict=True)]


def signal(n: int, seed: int = 0) -> np.ndarray:
    """Noise bursts of very different levels with silence and a tone between them, Pa."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * 10 ** np.repeat(rng.uniform(-4, 0, n // 1000 + 1), 1000)[:n]
    x[n // 3 : n // 2] = 0
    x[n // 2 : 2 * n // 3] += 0.2 * np.sin(np.arange(2 * n // 3 - n // 2) * 0.13)
    return x
