"""SoundEQnet over the sliding window: only new frames pass the convolutions, whose past is kept.

docs/model.md draws the scheme. Branch embeddings sit on a grid of eight frames since the start of the stream; a window
of w units sees the newest w - MISSING[branch] of them (loudness: 5 w - MISSING), because an embedding needs up to 280
frames. The k = 3 mel branch alone pads in time, so that its first and last embedding depend on where the window ends:
they are computed apart, on snippets of 81 frames.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from monitor.memory import give_back
from monitor.model.bundle import Bundle
from monitor.model.collector import LOUDNESS_PER_UNIT, MEL_PER_UNIT, SHORT, WINDOW, Job
from monitor.model.scores import OUTPUTS, Scores
from monitor.types import Float32Array

CONTEXT = 16
"""Frames before the hop that the trunk wants."""
MISSING = (9, 17, 26, 34)
"""Embeddings by which a window falls short of its units, for kernels 3, 5, 7, 9."""
SNIPPET = 81
MAX_STEP = 25
"""Units (2 s) that pass the trunk at once: bounds the memory."""
_LOUDNESS = LOUDNESS_PER_UNIT // MEL_PER_UNIT
"""Loudness embeddings in a unit: 5."""


class Incremental:
    """Caches of one stream; `scores` brings them up to a window and pools it."""

    def __init__(self, bundle: Bundle) -> None:
        self._trunk = bundle.session("trunk.onnx")
        self._head = bundle.session("head.onnx")
        give_back()  # 10 MB, left behind by loading the graphs
        size = next(node.shape[0] for node in self._trunk.get_inputs() if node.name == "state")
        self._state = np.zeros(size, dtype=np.float32)
        self._mel = np.zeros((len(MISSING), WINDOW, 320), dtype=np.float32)
        self._loudness = np.zeros((len(MISSING), WINDOW * _LOUDNESS, 64), dtype=np.float32)
        self._at: tuple[int, int] | None = None
        """Stream, and the unit up to which it has passed the trunk."""

    def scores(self, job: Job) -> Scores:
        """Score the job's window and its newest 4 s; jobs of a stream come in order, some may be missing."""
        edges = np.zeros(0, dtype=np.float32)
        for start, stop in pairwise(self._steps(job)):
            edges = self._advance(job, start, stop)
        self._at = (job.stream, job.end)
        windows = [self._pool(units, edges[start], edges[2]) for start, units in enumerate((job.units, SHORT))]
        mel, loudness = (np.stack(rows) for rows in zip(*windows, strict=True))
        return Scores(*self._head.run(OUTPUTS, {"mel": mel, "loudness": loudness}))

    def _steps(self, job: Job) -> Iterator[int]:
        """Units at which the trunk stops on its way to the end of the job."""
        start = job.start
        if self._at is not None and self._at[0] == job.stream and self._at[1] >= job.start + CONTEXT // MEL_PER_UNIT:
            start = self._at[1]
        else:
            self._state[:] = 0
        if start >= job.end:
            raise ValueError("windows of a stream must be given in order")
        yield from range(start, job.end, MAX_STEP)
        yield job.end

    def _advance(self, job: Job, start: int, stop: int) -> Float32Array:
        """Pass the units [start, stop) through the trunk; return the edges (3, 2, 320) of windows that end at stop."""
        snippets = np.stack(
            [
                job.mel[:SNIPPET],
                job.mel[-1 - SHORT * MEL_PER_UNIT :][:SNIPPET],
                job.mel[-SNIPPET:],
            ]
        )
        mel, loudness, edges, self._state = self.run_trunk(
            {
                "mel": _with_context(job.mel, start - job.start, stop - job.start, MEL_PER_UNIT),
                "loudness": _with_context(
                    job.loudness[:, None], start - job.start, stop - job.start, LOUDNESS_PER_UNIT
                ),
                "snippets": np.ascontiguousarray(snippets.transpose(0, 2, 1)[:, None]),
                "state": self._state,
            }
        )
        for ring, new in ((self._mel, mel), (self._loudness, loudness)):
            count = new.shape[1]
            ring[:, :-count] = ring[:, count:]
            ring[:, -count:] = new
        return edges

    def run_trunk(self, feed: dict[str, Float32Array]) -> list[Float32Array]:
        """Run the trunk's graph: mel and loudness embeddings, edges, next state."""
        outputs = ("mel_embeddings", "loudness_embeddings", "edges", "next_state")
        return self._trunk.run(outputs, feed)  # type: ignore[no-any-return]

    def _pool(self, units: int, first: Float32Array, last: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Max + mean over the newest `units`: (4, 320) and (4, 64); edges are (2, 320): as first and as last."""
        padded = np.concatenate((first[:1], self._mel[0, MISSING[0] + 1 - units :], last[1:]))
        mel = [_max_mean(padded)]
        mel += [_max_mean(ring[missing - units :]) for ring, missing in zip(self._mel[1:], MISSING[1:], strict=True)]
        values = units * _LOUDNESS
        loudness = [_max_mean(ring[missing - values :]) for ring, missing in zip(self._loudness, MISSING, strict=True)]
        return np.stack(mel), np.stack(loudness)


def _with_context(frames: Float32Array, start: int, stop: int, per_unit: int) -> Float32Array:
    """Rows of the units [start, stop) and the CONTEXT rows before them (zeros before the stream): (1, 1, width, t)."""
    first = start * per_unit - CONTEXT
    rows = frames[max(0, first) : stop * per_unit]
    if first < 0:
        rows = np.concatenate((np.zeros((-first, rows.shape[1]), dtype=np.float32), rows))
    return np.ascontiguousarray(rows.T)[None, None]


def _max_mean(rows: Float32Array) -> Float32Array:
    return rows.max(axis=0) + rows.mean(axis=0, dtype=np.float64).astype(np.float32)  # type: ignore[no-any-return]
