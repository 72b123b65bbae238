"""Files of every kind become the same blocks, and bad ones are refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import configured
from monitor.sources.contract import BadInput, MissingInput
from monitor.types import FRAME_GRID, RATE_HZ, AudioBlock, Gap

SCALE = configured(2.0)


def tone(rate: int, seconds: float, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * 1000 * np.arange(round(rate * seconds)) / rate)


def read_all(source: AudioFileSource) -> list[AudioBlock | Gap]:
    items = []
    with source:
        while not source.exhausted:
            item = source.read(1.0)
            if item is not None:
                items.append(item)
    end = 0
    for item in items:
        assert item.start_sample == end, "items adjoin"
        end = item.end_sample
    return items


def samples(items: list[AudioBlock | Gap]) -> np.ndarray:
    return np.concatenate([i.pressure_pa for i in items if isinstance(i, AudioBlock)])


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_any_rate_becomes_48_khz_and_pascal(tmp_path: Path, rate: int, suffix: str) -> None:
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, tone(rate, 1.03), rate)
    got = samples(read_all(AudioFileSource(path, SCALE)))
    assert len(got) == -(-round(rate * 1.03) * RATE_HZ // rate)
    expected = SCALE.full_scale_pa * tone(RATE_HZ, len(got) / RATE_HZ)
    inner = slice(2_400, -2_400)  # away from the ends, where a filter sees the silence outside
    np.testing.assert_allclose(got[inner], expected[inner], atol=2.0 * 2e-3 if rate == 8_000 else 2.0 * 1e-4)


@pytest.mark.parametrize(
    ("subtype", "error"),
    [
        ("PCM_U8", 1 / 127),
        ("PCM_16", 1 / 32767),
        ("PCM_24", 2e-7),
        ("PCM_32", 1e-9),
        ("FLOAT", 1e-7),
        ("DOUBLE", 1e-12),
    ],
)
def test_any_depth_is_read_on_the_same_scale(tmp_path: Path, subtype: str, error: float) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(RATE_HZ, 0.5), RATE_HZ, subtype=subtype)
    np.testing.assert_allclose(samples(read_all(AudioFileSource(path, SCALE))), 2 * tone(RATE_HZ, 0.5), atol=2 * error)


def test_eight_channels_are_averaged_or_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "eight.wav"
    channels = np.outer(tone(RATE_HZ, 0.3), np.arange(8) / 8)
    soundfile.write(path, channels, RATE_HZ, subtype="DOUBLE")
    np.testing.assert_allclose(samples(read_all(AudioFileSource(path, SCALE))), 2 * channels.mean(axis=1), atol=1e-12)
    fifth = samples(read_all(AudioFileSource(path, SCALE, channel=5)))
    np.testing.assert_array_equal(fifth, 2 * channels[:, 5])
    with pytest.raises(BadInput, match=r"8 channel.* no channel 8"):
        AudioFileSource(path, SCALE, channel=8)


def test_real_time_gives_the_same_blocks(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(44_100, 0.6), 44_100)
    fast, slow = (read_all(AudioFileSource(path, SCALE, realtime=realtime)) for realtime in (False, True))
    assert [i.start_sample for i in fast] == [i.start_sample for i in slow]
    assert samples(fast).tobytes() == samples(slow).tobytes()


def test_sound_in_real_time_is_not_handed_on_before_its_time(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(RATE_HZ, 0.5), RATE_HZ)
    with AudioFileSource(path, SCALE, realtime=True) as source:
        assert source.read(0.0) is None


def test_a_folder_is_one_time_line_in_name_order(tmp_path: Path) -> None:
    for name, level, seconds in (("b.flac", 0.2, 0.5), ("a.wav", 0.1, 0.3), ("c.WAV", 0.4, 0.1)):
        soundfile.write(tmp_path / name, tone(RATE_HZ, seconds, level), RATE_HZ, format=Path(name).suffix[1:].upper())
    (tmp_path / "notes.txt").write_text("no sound")
    items = read_all(AudioFileSource(tmp_path, SCALE))
    gaps = [i for i in items if isinstance(i, Gap)]
    assert [(g.start_sample, g.n_samples, g.cause) for g in gaps] == [
        (14_400, 9_600, "alignment"),
        (48_000, 0, "alignment"),
    ]
    peaks = {i.start_sample // 24_000: i.pressure_pa.max() for i in items if isinstance(i, AudioBlock)}
    assert [round(peaks[k] / 2, 2) for k in sorted(peaks)] == [0.1, 0.2, 0.4]


def test_isolated_nan_is_a_gap_on_the_grid(tmp_path: Path) -> None:
    sound = tone(RATE_HZ, 2.0)
    sound[30_000] = np.nan
    sound[70_000:70_500] = np.inf
    path = tmp_path / "nan.wav"
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    items = read_all(AudioFileSource(path, SCALE))
    assert [(i.start_sample, i.end_sample, i.cause) for i in items if isinstance(i, Gap)] == [
        (30_000, 36_000, "non_finite"),
        (70_000, 72_000, "non_finite"),
    ]
    assert np.isfinite(samples(items)).all()
    assert items[-1].end_sample == 96_000


def test_a_nan_at_the_end_ends_with_the_file(tmp_path: Path) -> None:
    sound = tone(RATE_HZ, 1.0)
    sound[-10:] = np.nan
    soundfile.write(tmp_path / "nan.wav", sound, RATE_HZ, subtype="FLOAT")
    items = read_all(AudioFileSource(tmp_path / "nan.wav", SCALE))
    assert items[-1] == Gap(47_990, 10, "non_finite")


def test_clipped_samples_are_counted(tmp_path: Path) -> None:
    sound = np.clip(tone(44_100, 1.0, 1.2), -1, 32767 / 32768)
    soundfile.write(tmp_path / "clip.wav", sound, 44_100, subtype="PCM_16")
    items = read_all(AudioFileSource(tmp_path / "clip.wav", SCALE))
    expected = np.count_nonzero(np.abs(sound) >= 32767 / 32768) * 48_000 / 44_100  # counted at the rate inside
    assert sum(i.n_clipped for i in items if isinstance(i, AudioBlock)) == pytest.approx(expected, abs=5) != 0
    assert FRAME_GRID == 12_000


def corrupt(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is not sound\n" * 100)
    elif kind == "no_frames":
        soundfile.write(path, np.zeros(0), RATE_HZ)
    elif kind == "header_only":
        soundfile.write(path, tone(RATE_HZ, 0.1), RATE_HZ)
        path.write_bytes(path.read_bytes()[:20])
    elif kind == "all_nan":
        soundfile.write(path, np.full(RATE_HZ, np.nan), RATE_HZ, subtype="FLOAT")
    elif kind == "slow":
        soundfile.write(path, np.zeros(4000), 4_000)
    elif kind == "bad_flac":
        path = path.with_suffix(".flac")
        rng = np.random.default_rng(1)
        soundfile.write(path, 0.1 * rng.standard_normal(RATE_HZ), RATE_HZ)
        data = path.read_bytes()
        path.write_bytes(data[:200] + bytes(len(data) - 200))
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", r"is empty \(0 bytes\)"),
        ("text", "is not a sound file that can be read"),
        ("no_frames", r"holds no sound \(0 s\)"),
        ("header_only", "is not a sound file that can be read"),
        ("all_nan", "every sample is NaN"),
        ("slow", "4000 samples a second"),
        ("bad_flac", "cannot be decoded|holds no sound"),
    ],
)
def test_a_useless_file_is_refused_in_one_sentence(tmp_path: Path, kind: str, says: str) -> None:
    path = corrupt(tmp_path, kind)
    with pytest.raises(BadInput, match=says) as caught:
        AudioFileSource(path, SCALE)
    assert caught.value.exit_code == 65
    assert path.name in str(caught.value) and str(caught.value).count("\n") == 0


def test_missing_input_is_told_from_bad_input(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no file or folder") as caught:
        AudioFileSource(tmp_path / "nowhere.wav", SCALE)
    assert caught.value.exit_code == 66
    with pytest.raises(MissingInput, match="holds no sound files"):
        AudioFileSource(tmp_path, SCALE)


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".wav"])
def test_a_file_that_breaks_off_is_used_up_to_there_and_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    rng = np.random.default_rng(1)
    soundfile.write(path, 0.1 * rng.standard_normal(10 * RATE_HZ), RATE_HZ)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = AudioFileSource(path, SCALE)
    items = read_all(source)
    assert 3 * RATE_HZ < items[-1].end_sample < 7 * RATE_HZ
    assert len(source.faults) == 1 and "breaks off at" in source.faults[0]


def test_one_bad_file_does_not_spoil_a_folder(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(RATE_HZ, 0.2), RATE_HZ)
    corrupt(tmp_path, "empty")
    soundfile.write(tmp_path / "z.wav", tone(RATE_HZ, 0.2), RATE_HZ)
    source = AudioFileSource(tmp_path, SCALE)
    assert source.faults == [], "later files are opened at their turn"
    assert len(samples(read_all(source))) == 2 * 9_600
    assert len(source.faults) == 1 and "empty.wav is empty" in source.faults[0]
