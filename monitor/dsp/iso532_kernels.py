"""The stages of ISO 532-1 for time-varying sound, each over an array of spectra, in the order of the standard's flow.

Everything is laid out with the bands along the last axis and free of branches where it can be, so that the compiler
turns the inner loops into vector instructions. Levels are never taken: the standard's comparisons and powers of
levels are made with intensities, which is the same up to rounding and needs no logarithm.
"""

from math import sqrt

import numpy as np

from monitor.dsp.iso532_tables import N_CORE, N_SPECIFIC, N_THIRD_OCTAVES, NONLINEAR_STEPS, SAMPLES_PER_FRAME
from monitor.dsp.jit import kernel
from monitor.types import FloatArray

LOW_BANDS = 11
"""Third octaves whose level is corrected by the equal-loudness contours (25 to 250 Hz)."""
BANDS = N_THIRD_OCTAVES
BARK = N_CORE - 1
CORE = 24
"""Critical bands, the last one of the standard's 21 empty, filled up to whole vector registers."""
DENORMAL = 1e-100
"""States smaller than this are set to zero at every spectrum: counted in samples since the start, not in chunks."""


@kernel
def filter_bank(samples: FloatArray, coef: FloatArray, state: FloatArray, energy: FloatArray) -> None:
    """Filter, square and smooth whole frames of 24 samples; energy (frames, 28) is read at the end of each.

    samples: six earlier ones, then the frames. coef: rows a1, a2 of three sections and the smoothing pole, flat (7 *
    28). state: rows of the last two outputs of three sections and of three smoothing stages, flat (9 * 28). The bands
    share their numerator, (1 - z^-2)^3, so it is applied once; gains, which do not change with time, are left to the
    next stage.
    """
    n = BANDS
    for frame in range(energy.shape[0]):
        for i in range(frame * SAMPLES_PER_FRAME + 6, (frame + 1) * SAMPLES_PER_FRAME + 6, 2):
            x0 = (samples[i] - samples[i - 6]) - 3.0 * (samples[i - 2] - samples[i - 4])
            x1 = (samples[i + 1] - samples[i - 5]) - 3.0 * (samples[i - 1] - samples[i - 3])
            for b in range(BANDS):
                a11, a12, a21 = coef[b], coef[n + b], coef[2 * n + b]
                a22, a31, a32 = coef[3 * n + b], coef[4 * n + b], coef[5 * n + b]
                pole = coef[6 * n + b]
                s1, s2, t1 = state[b], state[n + b], state[2 * n + b]
                t2, u1, u2 = state[3 * n + b], state[4 * n + b], state[5 * n + b]
                p, q, r = state[6 * n + b], state[7 * n + b], state[8 * n + b]
                s2 = (x0 - a12 * s2) - a11 * s1
                t2 = (s2 - a22 * t2) - a21 * t1
                u2 = (t2 - a32 * u2) - a31 * u1
                p = p * pole + u2 * u2
                q = q * pole + p
                r = r * pole + q
                s1 = (x1 - a12 * s1) - a11 * s2
                t1 = (s1 - a22 * t1) - a21 * t2
                u1 = (t1 - a32 * u1) - a31 * u2
                p = p * pole + u1 * u1
                q = q * pole + p
                r = r * pole + q
                state[b], state[n + b], state[2 * n + b] = s1, s2, t1
                state[3 * n + b], state[4 * n + b], state[5 * n + b] = t2, u1, u2
                state[6 * n + b], state[7 * n + b], state[8 * n + b] = p, q, r
        for b in range(9 * BANDS):
            value = state[b]
            state[b] = value if abs(value) > DENORMAL else 0.0
        for b in range(BANDS):
            energy[frame, b] = state[8 * n + b]


@kernel
def core_loudness(energy: FloatArray, scale: FloatArray, low: FloatArray, bark: FloatArray, core: FloatArray) -> None:
    """Turn band energies (frames, 28) into core loudness (frames, 24), sone/Bark.

    scale: rows that make intensity re I_REF of an energy: factor and addend, (2, 28). low: for each range of level,
    rows of the intensity above which the next range holds and of the correction's factor, (2, 8, 11). bark: rows of
    threshold, exponent base and outer factor by critical band, (3, 20).
    """
    for frame in range(energy.shape[0]):
        for i in range(BARK):
            if i >= 3:
                intensity = energy[frame, i + 8] * scale[0, i + 8] + scale[1, i + 8]
            else:
                intensity = 0.0
                first, last = (0, 6) if i == 0 else ((6, 9) if i == 1 else (9, LOW_BANDS))
                for b in range(first, last):
                    part = energy[frame, b] * scale[0, b] + scale[1, b]
                    j = 0
                    while j < 7 and part > low[0, j, b]:
                        j += 1
                    intensity += part * low[1, j, b]
            value = 0.0
            if intensity > bark[0, i]:
                value = max(0.0, bark[2, i] * (sqrt(sqrt(0.75 + 0.25 * (intensity * bark[1, i]))) - 1.0))
            core[frame, i] = value
        for i in range(BARK, CORE):
            core[frame, i] = 0.0
        lowest = core[frame, 0]
        core[frame, 0] = lowest * min(1.0, 0.4 + 0.32 * lowest**0.2)


@kernel
def nonlinear_decay(core: FloatArray, weights: FloatArray, begun: bool, state: FloatArray) -> None:
    """Let core loudness (frames, 24) decay as hearing does, in place.

    weights: B of the standard, (6,). state: rows of the previous input, of uo and of u2, flat (3 * 24). The input is
    stepped to linearly in 24 steps, added up as in the standard's program, since its cases hang on exact equality; the
    very first spectrum is taken as it is. Since u2 never exceeds uo, the cases of rising input are one, and uo is the
    larger of the input and its own decay.
    """
    n = CORE
    b0, b1, b2, b3, b4, b5 = weights[0], weights[1], weights[2], weights[3], weights[4], weights[5]
    step = np.empty(CORE)
    for frame in range(core.shape[0]):
        for b in range(CORE):
            step[b] = (core[frame, b] - state[b]) / NONLINEAR_STEPS
        steps = NONLINEAR_STEPS if begun or frame > 0 else 1
        for k in range(steps):
            if k == steps - 1:
                for b in range(CORE):
                    state[b] = core[frame, b]
                    step[b] = 0.0
            for b in range(CORE):
                uo, u2 = state[n + b], state[2 * n + b]
                u = state[b] + step[b]
                state[b] = u
                above = uo > u2
                decayed = uo * b2 - u2 * b3 if above else uo * b4
                new = decayed if decayed > u else u
                drained = uo * b0 - u2 * b1
                drained = drained if above and drained < new else new
                state[n + b] = new
                state[2 * n + b] = drained if u < uo else (u2 - u) * b5 + u
        for b in range(CORE):
            value = state[n + b]
            core[frame, b] = value
            state[n + b] = value if value > DENORMAL else 0.0
            value = state[2 * n + b]
            state[2 * n + b] = value if value > DENORMAL else 0.0


@kernel
def slopes(
    core: FloatArray, zup: FloatArray, rns: FloatArray, usl: FloatArray, total: FloatArray, specific: FloatArray
) -> None:
    """Attach upper slopes to core loudness (frames, 24): total (frames,), sone, and specific (frames, 240 or 0)."""
    wanted = specific.shape[1] == N_SPECIFIC
    range_of = np.zeros(CORE, np.int64)
    for frame in range(core.shape[0]):
        n1 = z1 = loudness = 0.0
        j = 17
        point = 0
        for i in range(BARK + 1):
            nm, end = core[frame, i], zup[i]
            column = min(max(i - 1, 0), 7)
            while z1 < end:
                if n1 <= nm:
                    if n1 < nm:
                        j = range_of[i]
                        while j > 0 and rns[j - 1] < nm:
                            j -= 1
                        while j < 17 and rns[j] >= nm:
                            j += 1
                        range_of[i] = j
                    z2, n2 = end, nm
                    loudness += n2 * (z2 - z1)
                    slope = 0.0
                else:
                    slope = usl[j, column]
                    n2 = max(rns[j], nm)
                    dz = (n1 - n2) / slope
                    z2 = z1 + dz
                    if z2 > end:
                        z2 = end
                        dz = z2 - z1
                        n2 = n1 - dz * slope
                    loudness += dz * (n1 + n2) / 2
                if wanted:
                    start = nm if slope == 0.0 else n1
                    while point < N_SPECIFIC and 0.1 * (point + 1) <= z2:
                        specific[frame, point] = start - (0.1 * (point + 1) - z1) * slope
                        point += 1
                while j < 17 and n2 <= rns[j]:
                    j += 1
                z1, n1 = z2, n2
        total[frame] = max(0.0, loudness)


@kernel
def temporal_weighting(total: FloatArray, weights: FloatArray, begun: bool, state: FloatArray) -> None:
    """Weight total loudness (frames,) over time, in place: two low-passes with 24 steps to a frame, in closed form.

    weights: for each low-pass its decay over a frame, the factors of the last input and of the change, its share and
    the factor of the very first input, (2, 5). state: last input and the two outputs, (3,).
    """
    x, y, z = state[0], state[1], state[2]
    for frame in range(total.shape[0]):
        new = total[frame]
        if frame == 0 and not begun:
            y, z, x = weights[0, 4] * new, weights[1, 4] * new, new
            total[0] = weights[0, 3] * y + weights[1, 3] * z
            continue
        y = weights[0, 0] * y + weights[0, 1] * x + weights[0, 2] * (new - x)
        z = weights[1, 0] * z + weights[1, 1] * x + weights[1, 2] * (new - x)
        y = y if y > DENORMAL else 0.0
        z = z if z > DENORMAL else 0.0
        x = new
        total[frame] = weights[0, 3] * y + weights[1, 3] * z
    state[0], state[1], state[2] = x, y, z
