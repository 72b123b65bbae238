"""The stages of the acoustics one by one, and how many multiplications and additions each cannot do without."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from monitor.dsp import iso532_kernels as iso
from monitor.dsp import iso532_tables as tables
from monitor.dsp import level_meter, third_octaves
from monitor.dsp.jit import kernel
from monitor.dsp.loudness import UPPER_LIMITS, StreamingLoudness
from monitor.dsp.mel import StreamingLogMel
from monitor.dsp.resample import Resampler
from monitor.types import LEVEL_FRAME, RATE_HZ, FloatArray

LANES = 256


@kernel
def _multiply_add(values: FloatArray, factor: float, addend: float, rounds: int) -> None:
    """Do 16 multiplications and additions on each value per round: little memory, much arithmetic."""
    for _ in range(rounds):
        for i in range(LANES):
            v = values[i]
            v = (v * factor + addend) * factor + addend
            v = (v * factor + addend) * factor + addend
            v = (v * factor + addend) * factor + addend
            values[i] = (v * factor + addend) * factor + addend


def operations_per_second() -> float:
    """Return the multiplications and additions that one core does per second on vectors in its cache."""
    values, rounds = np.ones(LANES), 20_000
    _multiply_add(values, 0.999, 0.001, 1)
    best = 0.0
    for _ in range(5):
        begin = time.process_time()
        _multiply_add(values, 0.999, 0.001, rounds)
        best = max(best, 16 * LANES * rounds / (time.process_time() - begin))
    return best


def stages(x: FloatArray) -> Iterator[tuple[str, Callable[[], object], float]]:
    """Yield name, work on the sound in one piece, and operations per second of sound."""
    meter = level_meter.LevelMeter()
    running = meter.state_dict()["running"]
    frames = np.empty((len(x) // LEVEL_FRAME + 1, level_meter.N_FIELDS))
    yield (
        "A, C, Z, F, S, peaks",
        lambda: level_meter.measure(x, meter.sections, meter.decay, running, 0, frames),
        RATE_HZ * 45,
    )

    bank = third_octaves.ThirdOctaves()
    groups = third_octaves.design()
    operations = sum(group.rate_hz * (third_octaves.LANES * 18 + 6 + 2 * group.taps.size) for group in groups)
    yield "third octaves", lambda: bank.process(x), operations

    stream = StreamingLoudness()
    state = stream.state_dict()
    held = np.concatenate((state["pending"], x))
    count = (len(held) - 6) // tables.SAMPLES_PER_FRAME
    energy, core, total = np.empty((count, iso.BANDS)), np.empty((count, iso.CORE)), np.empty(count)
    decayed, points = np.empty_like(core), np.zeros((count, 0))
    spectra = RATE_HZ / tables.SAMPLES_PER_FRAME

    def decay() -> None:
        decayed[:] = core
        iso.nonlinear_decay(decayed, stream.decay_weights, False, np.zeros(3 * iso.CORE))

    yield (
        "loudness: filters, squares, smoothing",
        lambda: iso.filter_bank(held, stream.bank_coefficients, state["bank"], energy),
        RATE_HZ * (iso.BANDS * 19 + 4),
    )
    yield (
        "loudness: core",
        lambda: iso.core_loudness(energy, stream.scale, stream.low_correction, stream.bark_factors, core),
        spectra * (iso.LOW_BANDS * 4 + iso.BARK * 9),
    )
    yield "loudness: nonlinear decay", decay, spectra * tables.NONLINEAR_STEPS * iso.CORE * 13
    yield (
        "loudness: slopes",
        lambda: iso.slopes(decayed, UPPER_LIMITS, tables.RNS, tables.USL, total, points),
        spectra * tables.N_CORE * 8,
    )
    yield (
        "loudness: temporal weighting",
        lambda: iso.temporal_weighting(total, stream.temporal_weights, False, np.zeros(3)),
        spectra * 15,
    )

    to_16k, mel = Resampler(RATE_HZ, 16_000, "network"), StreamingLogMel(16_000)
    y = to_16k.process(x)
    yield "48 to 16 kHz", lambda: to_16k.process(x), 16_000 * 2 * to_16k.phases.size
    yield "log-mel", lambda: mel.process(y), 100 * (512 + 2.5 * 512 * 9 + 4 * 514)
