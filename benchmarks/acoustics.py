"""The tests of the standards themselves: each yields sections of (title, text, unit, digits, rows)."""

import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from benchmarks import limits
from monitor.aggregate.histogram import level_db, level_percentiles, loudness_percentiles
from monitor.aggregate.statistics import ENERGY_UNIT_PA2, IntervalStats
from monitor.dsp import third_octaves as bank
from monitor.dsp import weighting
from monitor.dsp.level_meter import LevelMeter
from monitor.dsp.loudness import StreamingLoudness, loudness
from monitor.dsp.mel import log_mel
from monitor.dsp.resample import Resampler, resample
from monitor.types import LEVEL_FRAME, P0_PA, RATE_HZ, THIRD_OCTAVES_HZ, TRAINING_FULL_SCALE_PA, FloatArray, LevelFrame

Rows = list[tuple[str, float, float, float]]
Part = tuple[str, str, str, int, Rows]
FRAME_S = LEVEL_FRAME / RATE_HZ
INF = float("inf")


def _db(mean_square: float) -> float:
    level = level_db(mean_square)
    assert level is not None
    return level


def _tone(frequency_hz: float, duration_s: float, level_db: float = 94.0) -> FloatArray:
    """Return a sine of a level, beginning at zero phase, Pa."""
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return np.asarray(np.sqrt(2) * 20e-6 * 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time_s))


def _measure(pressure_pa: FloatArray) -> list[LevelFrame]:
    """Run a meter over pressure in chunks of 100 ms, as the node does."""
    meter = LevelMeter()
    return [
        frame
        for begin in range(0, len(pressure_pa), 4800)
        for frame in meter.process(pressure_pa[begin : begin + 4800])
    ]


def _stats(frames: list[LevelFrame]) -> IntervalStats:
    """Add frames up, as the node does for what it publishes."""
    stats = IntervalStats()
    stats.add_levels(frames)
    return stats


def _mean(frames: list[LevelFrame], weighting: str) -> float:
    """Return LAeq, LCeq or LZeq."""
    stats = _stats(frames)
    return _db(stats.energy["ACZ".index(weighting)] * ENERGY_UNIT_PA2 / stats.frames)


def weightings() -> Iterator[Part]:
    """A, C and Z with tones through the meter."""
    rows_of: dict[str, Rows] = {"A": [], "C": [], "Z": []}
    nominal_rows: Rows = []
    for index, (nominal, a_nominal, c_nominal, low, high) in enumerate(limits.WEIGHTING):
        exact = 1000 * 10 ** ((index - 20) / 10)
        frequency = round(exact * 4) / 4  # whole periods in 4 s
        frames = _measure(_tone(frequency, 5.0))[8:]
        level = 94.0
        for name, goal in (
            ("A", float(weighting.a_weighting_db(frequency))),
            ("C", float(weighting.c_weighting_db(frequency))),
            ("Z", 0.0),
        ):
            rows_of[name].append((f"{nominal:g} Hz", _mean(frames, name) - level - goal, low, high))
        if 20 <= nominal <= 16000:
            for name, printed in (("A", a_nominal), ("C", c_nominal)):
                response = float(weighting.design().response(exact, name))
                nominal_rows.append((f"{name} at {nominal:g} Hz: {printed} dB", response - printed, -0.1, 0.1))
    for name, rows in rows_of.items():
        text = f"Steady tones at 94 dB through the meter: {name}-weighted level less the design goal (Annex E)."
        yield f"Frequency weighting {name}, IEC 61672-1:2013, 5.5, Table 3", text, "dB", 3, rows
    text = "Response of the filters at the exact frequencies less the values of Table 3, which are rounded to 0.1 dB."
    yield "Frequency weightings A and C against the nominal values", text, "dB", 3, nominal_rows


def _burst(milliseconds: float, tail_s: float) -> list[LevelFrame]:
    silence = np.zeros(2 * RATE_HZ)
    return _measure(np.concatenate((silence, _tone(4000, milliseconds / 1000), np.zeros(round(tail_s * RATE_HZ)))))


def time_weightings() -> Iterator[Part]:
    """Tone bursts, decay, peak, linearity and stability."""
    steady = _mean(_measure(_tone(4000, 2))[8:], "A")
    fast, exposure, slow = [], [], []
    for milliseconds, goal_f, goal_e, low, high in limits.BURST_F:
        frames = _burst(milliseconds, 1)
        value = _db(_stats(frames).laf_max_pa2) - steady
        fast.append((f"{milliseconds:g} ms: goal {goal_f} dB", value - goal_f, low, high))
        level = _db(_stats(frames).energy[0] * ENERGY_UNIT_PA2 * FRAME_S)
        exposure.append((f"{milliseconds:g} ms: goal {goal_e} dB", level - steady - goal_e, low, high))
    for milliseconds, goal, low, high in limits.BURST_S:
        value = _db(_stats(_burst(milliseconds, 1)).las_max_pa2) - steady
        slow.append((f"{milliseconds:g} ms: goal {goal} dB", value - goal, low, high))
    text = "Bursts of a 4 kHz tone: the largest level less that of the steady tone, less the design goal."
    yield "Tone bursts, F, IEC 61672-1:2013, 5.9, Table 4", text, "dB", 3, fast
    yield "Tone bursts, S, IEC 61672-1:2013, 5.9, Table 4", text, "dB", 3, slow
    text = "Bursts of a 4 kHz tone: sound exposure level less the level of the steady tone, less the design goal."
    yield "Tone bursts, sound exposure, IEC 61672-1:2013, 5.9, Table 4", text, "dB", 3, exposure

    frames = _measure(np.concatenate((_tone(4000, 8), np.zeros(2 * RATE_HZ))))[65:]
    decay: Rows = []
    for name, goal, low, high in limits.DECAY:
        levels = [_db(frame.laf_pa2 if name == "F" else frame.las_pa2) for frame in frames]
        decay.append((f"{name}: goal {goal} dB/s", (levels[0] - levels[8]) / (8 * FRAME_S), low, high))
    text = "Level after a 4 kHz tone has stopped."
    yield "Decay rates, IEC 61672-1:2013, 5.8", text, "dB/s", 3, decay

    peaks: Rows = []
    for signal, frequency, goal, limit in limits.C_PEAK:
        steady_c = _mean(_measure(_tone(frequency, 3))[8:], "C")
        half = "half" in signal
        wave = _tone(frequency, (0.5 if half else 1) / frequency) * (-1 if "negative" in signal else 1)
        frames = _measure(np.concatenate((np.zeros(RATE_HZ), wave, np.zeros(RATE_HZ))))
        level = _db(_stats(frames).c_peak_pa ** 2)
        peaks.append((f"{signal}, {frequency} Hz: goal {goal} dB", level - steady_c - goal, -limit, limit))
    text = "C-weighted peak level less the C-weighted level of the steady tone, less the design goal."
    yield "C-weighted peak, IEC 61672-1:2013, 5.13, Table 5", text, "dB", 3, peaks

    steps: Rows = []
    for level in range(20, 141, 20):
        value = _mean(_measure(_tone(1000, 2, level))[8:], "A")
        steps.append((f"1 kHz at {level} dB", value - level, -0.8, 0.8))
    frames = _measure(_tone(1000, 6))
    difference = _db(frames[-1].laf_pa2) - _db(frames[-1].las_pa2)
    steps.append(("F less S, steady 1 kHz (5.8)", difference, -0.1, 0.1))
    long = _measure(np.tile(_tone(1000, 1), 30 * 60))
    drift = _mean(long[-8:], "A") - _mean(long[8:16], "A")
    steps.append(("drift in 30 min, 1 kHz (5.14)", drift, -0.1, 0.1))
    text = "A-weighted level of a steady tone less its true level, and what should stay the same."
    yield "Linearity and stability, IEC 61672-1:2013, 5.6, 5.8 and 5.14", text, "dB", 3, steps


def percentiles() -> Iterator[Part]:
    """Ln and Nn from the histograms of an interval against those of all its values."""
    shares = (5.0, 10.0, 50.0, 90.0, 95.0)
    rng = np.random.default_rng(0)
    swell = 10 ** (np.repeat(np.convolve(rng.normal(0, 40, 600), np.ones(8) / 8, "same"), RATE_HZ) / 20)
    sound = rng.standard_normal(len(swell)) * 0.02 * swell
    frames, n_sone = _measure(sound), loudness(sound)
    stats = _stats(frames)
    stats.add_loudness(n_sone)
    wanted = 10 * np.log10(np.percentile([frame.laf_pa2 for frame in frames], 100 - np.array(shares)) / P0_PA**2)
    rows: Rows = [
        (f"L{share:g}", level - goal, -0.1, 0.1)
        for share, goal, level in zip(shares, wanted, level_percentiles(stats.laf, shares, 0.0), strict=True)
    ]
    text = "10 min of noise that swells: Ln from the histogram of LAF less that of all its values, every 125 ms."
    yield "Levels exceeded, ISO 1996-1:2016, 3.1.3", text, "dB", 3, rows
    shares = shares[:4]
    wanted = np.percentile(n_sone, 100 - np.array(shares))
    rows = [
        (f"N{share:g}", 100 * (n / goal - 1), -1.0, 1.0)
        for share, goal, n in zip(shares, wanted, loudness_percentiles(stats.loudness, shares), strict=True)
    ]
    text = "The same noise: Nn from the histogram of N(t) against that of all its values, every 2 ms."
    yield "Loudness exceeded, ISO 532-1:2017, 6.4", text, "%", 3, rows


def bank_response(frequency_hz: FloatArray) -> FloatArray:
    """Return |H|^2 of all bands for tones below 24 kHz, decimation and aliasing included, shape (31, n)."""
    power = np.ones_like(frequency_hz)
    rate, result = RATE_HZ, np.zeros((bank.N_BANDS, len(frequency_hz)))
    heard = frequency_hz.copy()
    for group in bank.design():
        if group.taps.size:
            z = np.exp(-2j * np.pi * heard[:, None] / rate * np.arange(group.taps.size))
            power = power * np.abs(z @ group.taps[0]) ** 2
            rate = group.rate_hz
            heard = np.abs(heard - rate * np.round(heard / rate))
        w = np.exp(-2j * np.pi * heard / rate)
        coef = group.coef.reshape(2 * bank.ORDER, bank.LANES)
        for lane in range(group.last - group.first):
            value = (1 - w**2) ** bank.ORDER
            for a1, a2 in coef[:, lane].reshape(-1, 2):
                value = value / (1 + a1 * w + a2 * w**2)
            result[group.first + lane] = power * np.abs(value) ** 2 * group.gain[lane]
    return result


def third_octaves() -> Iterator[Part]:
    """The class 1 mask, effective bandwidth, summation and a sweep."""
    centres = bank.midband_hz()
    close = centres[:, None] * 10 ** np.linspace(-0.06, 0.06, 601)
    grid = np.unique(np.concatenate((np.geomspace(5, 23_990, 20_000), close[close < 23_990])))
    attenuation = -10 * np.log10(np.maximum(bank_response(grid), 1e-30))
    at_centre = -10 * np.log10(np.diagonal(bank_response(centres)))
    mask, width, summation = [], [], []
    for band, centre in enumerate(centres):
        name = _name(band)
        least, greatest = limits.third_octave_mask(grid / centre)
        relative = attenuation[band] - at_centre[band]
        passing = np.isfinite(greatest)
        spare = np.minimum(relative - least, greatest - relative)
        mask.append((f"{name}, within the band", float(spare[passing].min()), 0.0, INF))
        mask.append((f"{name}, outside", float(spare[~passing].min()), 0.0, INF))
        ratio = np.log(grid / centre)
        effective = np.trapezoid(10 ** (-relative / 10), ratio) / np.log(10**0.1)
        width.append((name, 10 * np.log10(effective), -limits.EFFECTIVE_BANDWIDTH_DB, limits.EFFECTIVE_BANDWIDTH_DB))
    for band, (low, high) in enumerate(pairwise(centres)):
        between = (grid >= low) & (grid <= high)
        both = 10 * np.log10((10 ** (-attenuation[band : band + 2, between] / 10)).sum(axis=0))
        worst = float(-both[np.argmax(np.abs(both))])
        summation.append((f"{_name(band)} and {_name(band + 1)}", worst, *limits.SUMMATION_DB))
    text = (
        "Relative attenuation of every band on a dense grid of tones up to 24 kHz, with what the decimators let alias, "
        "against the class 1 mask for thirds: the least distance within the band edges and outside them."
    )
    yield "Third octaves, relative attenuation, IEC 61260-1:2014, 5.10", text, "dB", 3, mask
    text = "Width of each band, integrated, against that of an ideal filter."
    yield "Third octaves, effective bandwidth deviation, IEC 61260-1:2014, 5.12", text, "dB", 3, width
    text = "Tones between two midbands: input level less the level of the sum of both bands, where it is worst."
    yield "Third octaves, summation of output signals, IEC 61260-1:2014, 5.16", text, "dB", 3, summation

    decade_s, decades, start = 5.0, 3.4, 10.0
    time_s = np.arange(round(decade_s * decades * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * start * decade_s / np.log(10) * (10 ** (time_s / decade_s) - 1)
    sweep = np.concatenate((np.sqrt(2) * np.sin(phase), np.zeros(3 * RATE_HZ)))
    energy = bank.ThirdOctaves().process(sweep).sum(axis=0) * FRAME_S
    rows = [
        (_name(b), 10 * np.log10(e / (decade_s * 0.1)), -limits.TIME_INVARIANCE_DB, limits.TIME_INVARIANCE_DB)
        for b, e in enumerate(energy)
    ]
    text = "An exponential sweep, 5 s to a decade, through the streaming bank: level less the theoretical level."
    yield "Third octaves, time-invariant operation, IEC 61260-1:2014, 5.14", text, "dB", 3, rows


def _name(band: int) -> str:
    """Return the nominal midband frequency of a band with its unit."""
    return f"{THIRD_OCTAVES_HZ[band]:g} Hz"


def _impulse(resampler: Resampler) -> FloatArray:
    """Return the filter of all phases as one impulse response at their common rate."""
    up, taps = resampler.phases.shape
    down = resampler.rate_in * up // resampler.rate_out
    impulse = np.zeros(up * (taps + 1))
    for p in range(up):
        impulse[p * down % up + up * np.arange(taps, 0, -1)] = resampler.phases[p]
    return impulse


def resampling() -> Iterator[Part]:
    """Flatness and rejection of the resampler."""
    flat, stop = [], []
    for rate_in in (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 96_000, 192_000):
        resampler = Resampler(rate_in, RATE_HZ)
        fine = rate_in * resampler.phases.shape[0]
        response = np.abs(np.fft.rfft(_impulse(resampler), 1 << 21)) / resampler.phases.shape[0]
        frequency = np.arange(len(response)) * fine / (1 << 21)
        nyquist = min(rate_in, RATE_HZ) / 2
        passed, stopped = response[frequency <= 0.91 * nyquist], response[frequency >= 1.09 * nyquist]
        ripple = 20 * np.log10(passed)
        name = f"{rate_in:,} to 48,000 Hz"
        flat.append((f"{name}, up to {0.91 * nyquist:,.0f} Hz", float(ripple[np.argmax(np.abs(ripple))]), -0.01, 0.01))
        stop.append((f"{name}, from {1.09 * nyquist:,.0f} Hz", float(-20 * np.log10(stopped.max())), 100.0, INF))
    text = "Largest deviation from 0 dB in the pass band."
    yield "Resampler, pass band", text, "dB", 4, flat
    yield "Resampler, attenuation of images and aliases", "Least attenuation in the stop band.", "dB", 3, stop


def references(shared: Path) -> Iterator[Part]:
    """ISO 532-1 Annex B and the published clip."""
    warnings.filterwarnings("ignore", "Reading `.npy` or `.npz` file required additional header parsing")
    printed = np.load(shared / "iso532" / "reference.npz")
    rows: Rows = []
    for path in sorted((shared / "iso532").glob("signal_*.wav")):
        number = path.stem.split("_")[1]
        samples, _ = soundfile.read(path)
        total, specific = StreamingLoudness(specific=True).process_specific(samples * 2 * np.sqrt(2))
        wanted, at = printed[f"N_{number}"], round(float(printed[f"specific_bark_{number}"]) * 10 - 1)
        for name, got, reference in (
            ("N(t)", total, wanted),
            (f"N' at {(at + 1) / 10} Bark", specific[:, at], printed[f"specific_{number}"]),
        ):
            worst = float(np.abs(got[: len(reference)] - reference).max())
            rows.append((f"signal {int(number)}, {name}", worst, 0.0, limits.ISO532_SONE))
    text = "Largest absolute deviation from the values printed in Annex B.4, which are rounded to 0.001."
    yield "Loudness of time-varying sounds, ISO 532-1:2017, Annex B.4", text, "sone", 5, rows

    clip = shared / "reference_clip" / "fold_1_participant_00056_stimulus_13"
    samples, rate = soundfile.read(f"{clip}.loudness_input.wav")
    got = loudness(resample(samples, rate, RATE_HZ) * TRAINING_FULL_SCALE_PA)
    reference = np.load(f"{clip}.loudness.npy")[:, 0]
    rows = [("loudness, largest deviation", float(np.abs(got[: len(reference)] - reference).max()), 0.0, 2e-4)]
    yield "Published loudness of the reference clip", "Every 2 ms of 30 s.", "sone", 6, rows
    samples, rate = soundfile.read(f"{clip}.flac")
    off = np.abs(log_mel(samples.mean(axis=1), rate) - np.load(f"{clip}.log_mel.npy"))
    rows = [
        ("log-mel, largest deviation", float(off.max()), 0.0, 0.1),
        ("log-mel, mean deviation", float(off.mean()), 0.0, 0.001),
    ]
    yield "Published log-mel of the reference clip", "3,001 frames of 64 bands.", "dB", 5, rows
