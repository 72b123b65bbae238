"""What the acoustics cost, side by side with their peers on the same real sound, in one run.

    python -m benchmarks.dsp                 # prints Markdown; needs mosqito and librosa (extra "test")
    python -m benchmarks.dsp --clip x.wav    # another sound
    python -m benchmarks.dsp --hours 24      # also a long run in uneven chunks, against long blocks, bit for bit

Recordings are looked for in $SOUNDSCAPE_SHARED or ../shared. CPU is process time per second of sound, the least of
several passes after one that is not timed, of ours and of the peers. Compare ratios: the machine may be busy.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import librosa
import numpy as np
import scipy.signal
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import SHARED, dsp_stages, mosqito_peer
from monitor.dsp import third_octaves, warm_up
from monitor.dsp.hearing import Hearing
from monitor.dsp.loudness import StreamingLoudness
from monitor.dsp.mel import StreamingLogMel, log_mel
from monitor.dsp.resample import resample
from monitor.types import RATE_HZ, TRAINING_FULL_SCALE_PA, FloatArray

CHUNK = RATE_HZ // 10


def cpu_ms(work: Callable[[], object], seconds: float, passes: int = 7) -> float:
    """Return the least CPU of several passes, ms per second of sound."""
    work()
    least = float("inf")
    for _ in range(passes):
        begin = time.process_time()
        work()
        least = min(least, time.process_time() - begin)
    return 1000 * least / seconds


def peak_mb(work: Callable[[], object]) -> float:
    """Return by how much the work makes a process grow at most, MB."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def measure() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        work()
        send.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)

    child = context.Process(target=measure)
    child.start()
    child.join()
    return float(receive.recv())


def chunks(samples: FloatArray, size: int = CHUNK) -> Iterator[FloatArray]:
    """Cut into chunks of 100 ms."""
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]


def sound(path: Path | None, seconds: float) -> tuple[str, FloatArray]:
    """Return a real sound that ends in silence, Pa at 48 kHz; noise where there is none."""
    if path is None:
        found = sorted((SHARED / "audio" / "free").glob("berlin_noise__outside_busses*.ogg"))
        path = found[0] if found else None
    if path is None:
        pressure_pa = np.random.default_rng(0).standard_normal(round(seconds * RATE_HZ)) * 0.05
        name = "generated noise (no clip at hand)"
    else:
        samples, rate = soundfile.read(path, always_2d=True)
        samples = np.resize(samples.mean(axis=1), round(seconds * rate))
        pressure_pa = resample(samples, rate, RATE_HZ) * TRAINING_FULL_SCALE_PA
        name = path.name
    fade = RATE_HZ // 2
    pressure_pa[-2 * fade : -fade] *= np.linspace(1, 0, fade) ** 2
    pressure_pa[-fade:] = 0
    return name, pressure_pa


def against_mosqito(x: FloatArray, seconds: float) -> tuple[list[str], float]:
    """Loudness: CPU, memory and deviation; also return how many times cheaper ours is."""

    def ours() -> FloatArray:
        stream = StreamingLoudness()
        return np.concatenate([stream.process(chunk) for chunk in chunks(x)])

    published = mosqito_peer.as_published(x)
    peer_ms = cpu_ms(lambda: mosqito_peer.as_published(x), seconds, 2)
    ours_ms = cpu_ms(ours, seconds)
    ratio = peer_ms / ours_ms
    peer_mb = peak_mb(lambda: mosqito_peer.as_published(x))
    n = ours()
    worst = np.abs(published[: len(n)] - n).max()
    fair = np.abs(mosqito_peer.with_right_slopes(x)[: len(n)] - n).max()
    rows = [
        "| loudness, ISO 532-1 | MoSQITo 1.2.1 | ours |",
        "| --- | ---: | ---: |",
        f"| CPU, ms per s | {peer_ms:.0f} | {ours_ms:.2f} ({ratio:.0f} times cheaper) |",
        f"| memory, MB for {seconds:.0f} s | {peer_mb:.0f} | {peak_mb(ours):.1f} |",
        f"| largest deviation of N(t), sone (N up to {n.max():.1f}) | {worst:.4f} | |",
        f"| the same with the standard's slopes in place of its faulty ones, sone | {fair:.1e} | |",
    ]
    return rows, ratio


def against_scipy(x: FloatArray, seconds: float) -> list[str]:
    """Third octaves: our four rates against 31 band-passes at 48 kHz."""
    centres = third_octaves.midband_hz()
    sections = [
        scipy.signal.butter(4, [f * 10**-0.05, f * 10**0.05], "bandpass", fs=RATE_HZ, output="sos") for f in centres
    ]

    def peer() -> FloatArray:
        states = [np.zeros((4, 2)) for _ in sections]
        energy = np.zeros(len(sections))
        for chunk in chunks(x):
            for band, section in enumerate(sections):
                y, states[band] = scipy.signal.sosfilt(section, chunk, zi=states[band])
                energy[band] += y @ y
        return energy

    def ours() -> FloatArray:
        bank = third_octaves.ThirdOctaves()
        return sum((bank.process(chunk).sum(axis=0) for chunk in chunks(x)), np.zeros(31)) * 6000

    difference = 10 * np.log10(ours() / peer())
    return [
        "| third octaves | scipy.signal.sosfilt | ours |",
        "| --- | ---: | ---: |",
        f"| CPU, ms per s | {cpu_ms(peer, seconds, 3):.1f} | {cpu_ms(ours, seconds):.2f} |",
        f"| largest deviation of a band's Leq, dB | | {np.abs(difference).max():.3f} |",
    ]


def against_librosa(x: FloatArray, seconds: float) -> list[str]:
    """Log-mel from 16 kHz: librosa on the whole clip against ours in chunks."""
    y = resample(x / TRAINING_FULL_SCALE_PA, RATE_HZ, 16_000, "network")

    def peer() -> FloatArray:
        power = librosa.feature.melspectrogram(
            y=y, sr=16_000, n_fft=512, hop_length=160, n_mels=64, fmin=50, fmax=8000, pad_mode="reflect"
        )
        return np.asarray(10 * np.log10(np.maximum(power, 1e-10)).T)

    def ours() -> object:
        stream = StreamingLogMel(16_000)
        return [stream.process(chunk) for chunk in chunks(y, 1600)]

    return [
        "| log-mel from 16 kHz | librosa, whole clip | ours, 100 ms chunks |",
        "| --- | ---: | ---: |",
        f"| CPU, ms per s | {cpu_ms(peer, seconds, 3):.2f} | {cpu_ms(ours, seconds):.2f} |",
        f"| largest deviation, dB | | {np.abs(peer() - log_mel(y, 16_000)).max():.1e} |",
    ]


def chain(x: FloatArray, seconds: float) -> list[str]:
    """The whole chain by stage, with the arithmetic floor, and what silence costs."""
    hearing = Hearing()

    def all_of_it(y: FloatArray) -> Callable[[], None]:
        def work() -> None:
            for chunk in chunks(y):
                hearing.process(chunk)

        return work

    rate = dsp_stages.operations_per_second()
    rows = [
        f"Vector arithmetic on this core: {rate / 1e9:.1f} G multiplications and additions per s (double, not fused).",
        "",
        "| stage | CPU, ms per s | arithmetic floor, ms per s |",
        "| --- | ---: | ---: |",
    ]
    for name, work, operations in dsp_stages.stages(x):
        rows.append(f"| {name} | {cpu_ms(work, seconds):.2f} | {1000 * operations / rate:.2f} |")
    noise = np.random.default_rng(0).standard_normal(len(x)) * 0.05
    total = cpu_ms(all_of_it(x), seconds)
    loud = cpu_ms(all_of_it(noise), seconds)
    all_of_it(np.zeros(20 * RATE_HZ))()
    quiet = cpu_ms(all_of_it(np.zeros(len(x))), seconds)
    rows += [
        f"| all: levels, third octaves, loudness, log-mel, in chunks of 100 ms | {total:.2f} | |",
        "",
        f"Digital silence after sound costs {quiet:.2f} ms per s, noise {loud:.2f}: {quiet / loud:.2f} times as much.",
    ]
    return rows


def long_run(hours: float) -> str:
    """Hear hours of sound twice, in uneven chunks and in blocks of 10 s, and compare every value bit for bit."""
    rng = np.random.default_rng(1)
    whole, cut = Hearing(), Hearing()
    for block in range(round(hours * 360)):
        x = np.random.default_rng(block).standard_normal(10 * RATE_HZ) * 10 ** rng.uniform(-4, 0)
        x[: RATE_HZ * (block % 3)] = 0
        a = whole.process(x)
        parts = [cut.process(part) for part in np.split(x, np.sort(rng.integers(0, len(x), 60)))]
        n = np.concatenate([part.loudness.n_sone for part in parts])
        mel = np.concatenate([part.mel.log_mel for part in parts])
        laf = [frame.laf_pa2 for part in parts for frame in part.levels]
        bands = [frame.bands_ms_pa2.tolist() for part in parts for frame in part.levels]
        same = np.array_equal(n, a.loudness.n_sone) and np.array_equal(mel, a.mel.log_mel)
        if not same or laf != [f.laf_pa2 for f in a.levels] or bands != [f.bands_ms_pa2.tolist() for f in a.levels]:
            return f"Long run: DIFFERENT in the block at {block * 10} s."
    return f"Long run: {hours:g} h of sound in uneven chunks equal the same in blocks of 10 s, every value bit for bit."


def main() -> int:
    """Print all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, help="a sound file to use")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of sound (default 10)")
    parser.add_argument("--hours", type=float, default=0.0, help="also compare a long run bit for bit")
    arguments = parser.parse_args()
    name, x = sound(arguments.clip, arguments.seconds)
    seconds = len(x) / RATE_HZ
    begin = time.process_time()
    warm_up()
    print(f"{seconds:.0f} s of {name}; kernels ready after {time.process_time() - begin:.1f} s of CPU.\n")
    print("\n".join(chain(x, seconds)) + "\n")
    rows, _ = against_mosqito(x, seconds)
    for table in (rows, against_scipy(x, seconds), against_librosa(x, seconds)):
        print("\n".join(table) + "\n")
    if arguments.hours:
        print(long_run(arguments.hours))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
