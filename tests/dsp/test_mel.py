"""The log-mel is the one the network was trained on."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from monitor.dsp.mel import StreamingLogMel, log_mel, mel_bank
from monitor.dsp.resample import resample

NAME = "fold_1_participant_00056_stimulus_13"


@pytest.fixture(scope="module")
def clip(shared: Path) -> tuple[np.ndarray, int, np.ndarray]:
    samples, rate = soundfile.read(shared / "reference_clip" / f"{NAME}.flac")
    return samples.mean(axis=1), rate, np.load(shared / "reference_clip" / f"{NAME}.log_mel.npy")


def test_the_published_features_come_out(clip: tuple[np.ndarray, int, np.ndarray]) -> None:
    samples, rate, published = clip
    off = np.abs(log_mel(samples, rate) - published)
    assert off.max() < 0.1 and off.mean() < 0.001


def test_the_chain_of_the_node_stays_close_to_them(clip: tuple[np.ndarray, int, np.ndarray]) -> None:
    """44.1 to 48 to 16 kHz, streamed in chunks of 100 ms, instead of 44.1 to 16 kHz."""
    samples, rate, published = clip
    stream = StreamingLogMel(48_000)
    chunks = np.array_split(resample(samples, rate, 48_000), 300)
    got = np.concatenate([*(stream.process(chunk) for chunk in chunks), stream.flush()])
    off = np.abs(got - published)
    assert off.mean() < 0.004 and np.percentile(off, 99.9) < 0.1


def test_the_filters_are_those_of_librosa() -> None:
    bank = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=64, fmin=50, fmax=8000)
    assert np.abs(mel_bank() - bank).max() < 1e-8


@pytest.mark.parametrize("n", [257, 512, 1600, 4000, 16_001])
def test_frames_are_those_of_librosa(n: int) -> None:
    samples = np.random.default_rng(n).standard_normal(n) * 0.1
    power = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=512, hop_length=160, n_mels=64, fmin=50, fmax=8000, pad_mode="reflect"
    )
    wanted = 10 * np.log10(np.maximum(power, 1e-10)).T
    got = log_mel(samples, 16_000)
    assert got.shape == wanted.shape == (1 + n // 160, 64) and got.dtype == np.float32
    assert np.abs(got - wanted).max() < 1e-4


def test_silence_is_the_floor() -> None:
    assert np.all(log_mel(np.zeros(4800), 48_000) == -100)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 50, 400])
def test_very_short_clips_do_not_fail(n: int) -> None:
    assert len(log_mel(np.ones(n), 16_000)) == (1 + n // 160 if n > 1 else 0)


def test_a_frame_is_final_20_ms_after_its_centre() -> None:
    stream = StreamingLogMel(48_000)
    frames = 0
    for k in range(200):
        frames += len(stream.process(np.zeros(480)))
        assert frames >= k + 1 - 2, "at most two hops late"
