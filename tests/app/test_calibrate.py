"""Calibration measures a calibrator's tone, refuses everything else, and keeps what it learnt."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner
from virtual_microphone import DEVICE, VirtualMicrophone, virtual_microphone

from monitor.app.calibrate import Tone, find_tone, record_of
from monitor.app.commands.calibrate import calibrate
from monitor.app.commands.devices import devices
from monitor.app.failure import Failure
from monitor.settings import AudioSettings, CalibrationSettings
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import (
    CalibrationRecord,
    CalibrationStore,
    CalibrationUnreadable,
    configured,
    device_key,
    resolve,
)
from monitor.sources.microphone import MicrophoneSource
from monitor.types import P0_PA, RATE_HZ, AudioBlock

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLI = typer.Typer()
CLI.command("calibrate")(calibrate)
CLI.command("devices")(devices)


def tone(freq: float = 1000.0, level_dbfs: float = -23.01, seconds: float = 8.0, rate: int = RATE_HZ) -> np.ndarray:
    """A sine of an rms level."""
    return np.sqrt(2) * 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * freq * np.arange(round(seconds * rate)) / rate)


def noise(level_dbfs: float, n: int) -> np.ndarray:
    return 10 ** (level_dbfs / 20) * np.random.default_rng(1).standard_normal(n)


def measure(folder: Path, sound: np.ndarray, freq: float = 1000.0, rate: int = RATE_HZ) -> Tone:
    path = folder / "tone.wav"
    soundfile.write(path, sound, rate, subtype="PCM_24")
    with AudioFileSource(path, configured(1.0)) as source:
        return find_tone(source, freq, patience_s=60)


@pytest.mark.parametrize(("freq", "rate"), [(1000.0, 48_000), (1000.0, 44_100), (250.0, 48_000), (985.0, 48_000)])
def test_a_tone_is_measured_within_a_hundredth_of_a_decibel(tmp_path: Path, freq: float, rate: int) -> None:
    found = measure(tmp_path, tone(freq, rate=rate), freq=250.0 if freq == 250.0 else 1000.0, rate=rate)
    assert found.level_dbfs == pytest.approx(-23.01, abs=0.01)
    assert found.freq_hz == pytest.approx(freq, rel=2e-3) and found.sd_db < 0.01


def test_noise_around_the_tone_hardly_matters(tmp_path: Path) -> None:
    sound = tone() + noise(-43, 8 * RATE_HZ)
    assert measure(tmp_path, sound).level_dbfs == pytest.approx(-23.01, abs=0.03)


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (noise(-30, 8 * RATE_HZ), "other sound is as loud"),
        (tone(250.0), "there is no tone at 1000 Hz|other sound is as loud"),
        (tone(1060.0), "the tone is at 1060 Hz"),
        (tone(level_dbfs=-90.0), "there is no tone at 1000 Hz"),
        (np.clip(tone(level_dbfs=-1.0), -1, 1), "the tone clips"),
        (tone(seconds=3.0), "lasted only 2.5 s"),
        (tone() * (1 + 0.05 * np.sin(np.arange(8 * RATE_HZ) * 2 * np.pi * 0.7 / RATE_HZ)), "not steady"),
        (np.zeros(8 * RATE_HZ), "there is no tone"),
    ],
    ids=["noise", "other frequency", "a little off", "weak", "clipped", "short", "unsteady", "silence"],
)
def test_anything_but_a_steady_tone_is_refused_with_the_reason(tmp_path: Path, sound: np.ndarray, says: str) -> None:
    with pytest.raises(Failure, match=says) as caught:
        measure(tmp_path, sound)
    assert caught.value.code == 65


def test_the_scale_follows_from_the_tone() -> None:
    record = record_of(Tone(-23.01, 0.01, 1000.0), 94.0, 1000.0, None, NOW)
    rms_pa = record.full_scale_pa * 10 ** (-23.01 / 20)
    assert 20 * np.log10(rms_pa / P0_PA) == pytest.approx(94.0)
    assert record.shift_db is None


def test_an_implausible_shift_is_refused_unless_accepted() -> None:
    first = record_of(Tone(-23.0, 0.01, 1000.0), 94.0, 1000.0, None, NOW, serial="A1")
    with pytest.raises(Failure, match=r"would change by \+4\.0 dB .* implausible"):
        record_of(Tone(-27.0, 0.01, 1000.0), 94.0, 1000.0, first, NOW)
    accepted = record_of(Tone(-27.0, 0.01, 1000.0), 94.0, 1000.0, first, NOW, accept_shift=True)
    assert accepted.shift_db == pytest.approx(4.0) and accepted.serial == "A1"
    assert record_of(Tone(-25.5, 0.01, 1000.0), 94.0, 1000.0, first, NOW).shift_db == pytest.approx(2.5)


def test_a_check_changes_nothing_and_stays_in_the_history(tmp_path: Path) -> None:
    store = CalibrationStore(tmp_path)
    with pytest.raises(Failure, match="no calibration of this device to check"):
        record_of(Tone(-23.0, 0.01, 1000.0), 94.0, 1000.0, None, NOW, check=True)
    first = record_of(Tone(-23.0, 0.01, 1000.0), 94.0, 1000.0, None, NOW)
    store.add("mic", first)
    store.add("mic", record_of(Tone(-23.7, 0.01, 1000.0), 94.0, 1000.0, first, NOW, check=True))
    assert store.current("mic") == first
    assert [r.kind for r in store.history("mic")] == ["calibration", "check"]


def test_stored_comes_before_configured_before_assumed(tmp_path: Path) -> None:
    store = CalibrationStore(tmp_path)
    store.add("mic", record_of(Tone(-23.0, 0.01, 1000.0), 94.0, 1000.0, None, NOW, serial="A1"))
    half = CalibrationSettings(sensitivity_dbfs_rms_at_94_db=-26.0)
    stored = resolve(half, store, "mic")
    assert (stored.level_reference, stored.calibrated) == ("calibrated", True)
    assert stored.text == "94 dB at 1000 Hz, 2026-05-01, SN A1"
    given = resolve(half, store, "another")
    assert given.level_reference == "configured"
    assert given.full_scale_pa * 10 ** (-26 / 20) == pytest.approx(1.0024, rel=1e-4)
    assumed = resolve(CalibrationSettings(), store, "another")
    assert (assumed.level_reference, assumed.calibrated) == ("assumed", False)
    assert "uncalibrated" in assumed.text


def test_the_file_is_private_and_a_damaged_one_is_told_of(tmp_path: Path) -> None:
    store = CalibrationStore(tmp_path / "state")
    store.add(device_key("mic", 1), record_of(Tone(-23.0, 0.01, 1000.0), 94.0, 1000.0, None, NOW))
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert list(store.path.parent.iterdir()) == [store.path]
    assert list(json.loads(store.path.read_text())["devices"]) == ["mic [channel 1]"]
    store.path.write_text("{")
    with pytest.raises(CalibrationUnreadable, match="move it away and calibrate again"):
        store.add("mic", record_of(Tone(-23.0, 0.01, 1000.0), 94.0, 1000.0, None, NOW))
    left = resolve(CalibrationSettings(), store, "mic")
    assert not left.calibrated and "cannot be read" in left.text


@pytest.fixture
def microphone() -> Iterator[VirtualMicrophone]:
    with virtual_microphone() as plugged_in:
        yield plugged_in


def test_a_microphone_that_hears_a_calibrator_is_calibrated_from_then_on(
    microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    path = tmp_path / "calibrator.wav"
    soundfile.write(path, tone(seconds=60.0), RATE_HZ, subtype="PCM_16")
    microphone.play(path)
    state = tmp_path / "state"
    common = ["--device", DEVICE, "--state", str(state)]
    result = CliRunner().invoke(CLI, ["calibrate", *common, "--serial", "M7", "--json"], catch_exceptions=False)
    record = CalibrationRecord.model_validate_json(result.stdout)
    assert record.tone_dbfs == pytest.approx(-23.01, abs=0.02) and record.serial == "M7"
    checked = CliRunner().invoke(CLI, ["calibrate", *common, "--check"], catch_exceptions=False)
    assert "within 0.5 dB" in checked.stdout
    kept = CliRunner().invoke(CLI, ["calibrate", "--state", str(state), "--history"], catch_exceptions=False)
    assert kept.stdout.startswith(f"{DEVICE}\n") and [" check " in line for line in kept.stdout.splitlines()[1:]] == [
        False,
        True,
    ]
    listed = CliRunner().invoke(CLI, ["devices", "--state", str(state), "--json"], catch_exceptions=False)
    device = next(d for d in map(json.loads, listed.stdout.splitlines()) if d["name"] == DEVICE)
    assert device["calibration"]["level_reference"] == "calibrated"
    with MicrophoneSource(AudioSettings(device=DEVICE), CalibrationSettings(), CalibrationStore(state)) as source:
        assert source.calibration.calibrated and "SN M7" in source.calibration.text
        block = next(item for item in iter(lambda: source.read(5.0), None) if isinstance(item, AudioBlock))
    level = 20 * np.log10(np.sqrt(np.mean(block.pressure_pa**2)) / P0_PA)
    assert level == pytest.approx(94.0, abs=0.1)


def test_a_recording_made_with_a_device_calibrates_the_channel_that_the_node_hears(
    microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    path = tmp_path / "calibrator.wav"
    sound = tone()
    soundfile.write(path, np.column_stack((sound, np.zeros_like(sound))), RATE_HZ, subtype="PCM_24")
    common = ["calibrate", "--file", str(path), "--state", str(tmp_path)]
    result = CliRunner().invoke(CLI, [*common, "--device", DEVICE[:-1].upper(), "--json"], catch_exceptions=False)
    kept = CalibrationStore(tmp_path).current(DEVICE)
    assert kept == CalibrationRecord.model_validate_json(result.stdout), "under the whole name of the device"
    assert kept.tone_dbfs == pytest.approx(-23.01, abs=0.02), "the mean of both channels is 6 dB less"
    with pytest.raises(Failure, match="no input device has 'elsewhere' in its name") as caught:
        CliRunner().invoke(CLI, [*common, "--device", "elsewhere"], catch_exceptions=False)
    assert caught.value.code == 69


def test_a_recording_of_the_calibrator_gives_the_scale_of_other_recordings(tmp_path: Path) -> None:
    path = tmp_path / "calibrator.flac"
    soundfile.write(path, tone(), RATE_HZ, subtype="PCM_24")
    arguments = ["calibrate", "--file", str(path), "--level", "114", "--state", str(tmp_path)]
    result = CliRunner().invoke(CLI, arguments, catch_exceptions=False)
    expected = P0_PA * 10 ** ((114 + 23.01) / 20)
    assert f"full_scale_pa = {expected:.6g}" in result.stdout
    assert not (tmp_path / "calibration.json").exists()
