"""A microphone is heard sample for sample, and whatever happens to it is noticed, told as a gap, and recovered from."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from virtual_microphone import DEVICE, VirtualMicrophone, virtual_microphone, wait_for

from monitor.settings import AudioSettings, CalibrationSettings
from monitor.sources.contract import AudioSystemHung
from monitor.sources.microphone import MicrophoneSource
from monitor.types import FRAME_GRID, RATE_HZ, AudioBlock, Gap

Item = AudioBlock | Gap
SETTINGS = AudioSettings(device=DEVICE, stall_s=0.5, first_frame_s=1.0, hang_s=5.0)


@pytest.fixture
def microphone() -> Iterator[VirtualMicrophone]:
    with virtual_microphone() as plugged_in:
        yield plugged_in


class Listener:
    """Reads a source and checks that what it gives adjoins and starts on the grid after each gap."""

    def __init__(self, source: MicrophoneSource) -> None:
        self.source = source
        self.items: list[Item] = []

    def until(self, what: str, condition: Callable[[Item | None], bool], timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            item = self.source.read(0.2)
            if item is not None:
                self._append(item)
            if condition(item):
                return
            assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s; {self.source.state}; {self.gaps}"

    def hear(self, seconds: float, timeout_s: float = 20.0) -> None:
        start = self.items[-1].end_sample if self.items else 0
        self.until(
            f"{seconds} s of sound", lambda i: isinstance(i, AudioBlock) and i.end_sample > start + seconds * RATE_HZ
        )

    def miss(self, cause: str) -> None:
        self.until(f"a gap: {cause}", lambda i: isinstance(i, Gap) and i.cause == cause)

    def _append(self, item: Item) -> None:
        if self.items:
            assert item.start_sample == self.items[-1].end_sample, "items adjoin"
            if isinstance(self.items[-1], Gap) and isinstance(item, AudioBlock):
                assert item.start_sample % FRAME_GRID == 0, "sound starts on the grid after a gap"
        self.items.append(item)

    @property
    def gaps(self) -> list[Gap]:
        return [i for i in self.items if isinstance(i, Gap)]

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate([i.pressure_pa for i in self.items if isinstance(i, AudioBlock)])


@contextlib.contextmanager
def listening(settings: AudioSettings = SETTINGS) -> Iterator[Listener]:
    with MicrophoneSource(settings, CalibrationSettings(full_scale_pa=1.0)) as source:
        yield Listener(source)


def signal(folder: Path, seconds: float, rate: int = RATE_HZ, channels: int = 1) -> tuple[Path, np.ndarray]:
    """Noise that starts with a value of its own, so that it is found sample by sample."""
    rng = np.random.default_rng(4)
    sound = rng.integers(-8000, 8000, (round(seconds * rate), channels)).astype(np.int16)
    sound[0] = 12_345
    path = folder / "signal.wav"
    soundfile.write(path, sound, rate, subtype="PCM_16")
    return path, sound.astype(np.float64) / 32768


def test_sound_is_captured_sample_for_sample(microphone: VirtualMicrophone, tmp_path: Path) -> None:
    path, sound = signal(tmp_path, 5.0)
    with listening() as listener:
        listener.hear(0.5)
        assert listener.source.state == f"capturing 48000 Hz from {DEVICE}"
        assert not listener.source.degraded
        microphone.play(path)
        listener.hear(6.0)
        heard = listener.sound
        start = int(np.argmax(np.abs(heard - sound[0, 0]) < 1e-9))
        np.testing.assert_array_equal(heard[start : start + len(sound)], sound[:, 0])
        assert listener.gaps == []


def test_the_second_channel_of_a_44100_hz_device_is_resampled_once(tmp_path: Path) -> None:
    with virtual_microphone(rate_hz=44_100, channels=2) as microphone:
        time_s = np.arange(4 * 44_100) / 44_100
        stereo = np.stack([0.2 * np.sin(2 * np.pi * 500 * time_s), 0.4 * np.sin(2 * np.pi * 1000 * time_s)], axis=1)
        soundfile.write(tmp_path / "stereo.wav", stereo, 44_100)
        settings = SETTINGS.model_copy(update={"rate_hz": 44_100, "channel": 1})
        with listening(settings) as listener:
            listener.hear(0.3)
            assert "44100 Hz" in listener.source.state
            microphone.play(tmp_path / "stereo.wav")
            listener.hear(3.0)
            spectrum = np.abs(np.fft.rfft(listener.sound[-RATE_HZ:] * np.hanning(RATE_HZ))) * 4 / RATE_HZ
    assert spectrum[1000] == pytest.approx(0.4, rel=0.01)
    assert spectrum[500] < 1e-3


def test_the_sample_clock_follows_the_monotonic_clock(microphone: VirtualMicrophone) -> None:
    with listening() as listener:
        listener.hear(0.5)
        first = listener.source.last_observation
        listener.hear(2.0)
        second = listener.source.last_observation
    assert first is not None and second is not None
    assert (second[0] - first[0]) / RATE_HZ == pytest.approx(second[1] - first[1], abs=0.15)


def unplug_and_replug(microphone: VirtualMicrophone, listener: Listener) -> float:
    """Return the time from the device's return to the first sound, s."""
    microphone.unplug()
    listener.miss("vanished")
    assert listener.source.degraded and "waiting for the microphone" in listener.source.state
    microphone.replug()
    back = time.monotonic()
    listener.until("sound", lambda i: isinstance(i, AudioBlock))
    return time.monotonic() - back


@pytest.mark.parametrize("cycles", [2, pytest.param(12, marks=pytest.mark.long)])
def test_an_unplugged_microphone_comes_back(microphone: VirtualMicrophone, cycles: int) -> None:
    with listening() as listener:
        listener.hear(0.5)
        before = listener.source.last_observation
        times = [unplug_and_replug(microphone, listener) for _ in range(cycles)]
        listener.hear(0.5)
        after = listener.source.last_observation
        assert listener.source.counters["vanished"] == cycles
    assert before is not None and after is not None
    drift_s = (after[0] - before[0]) / RATE_HZ - (after[1] - before[1])
    print("recovered after (s):", [round(t, 2) for t in times], "sample clock off by (s):", round(drift_s, 3))
    assert max(times) < 2.0
    assert abs(drift_s) < 0.1, "the time that was missed is in the gaps"


def test_a_suspended_microphone_is_noticed_and_comes_back(microphone: VirtualMicrophone) -> None:
    with listening() as listener:
        listener.hear(0.5)
        microphone.suspend()
        listener.miss("stall")
        listener.miss("suspended")
        microphone.resume()
        listener.hear(0.5)
        assert listener.source.counters["stalls"] == 1 and listener.source.counters["suspended"] >= 1


def test_a_microphone_that_never_delivers_is_told_from_one_that_stopped(microphone: VirtualMicrophone) -> None:
    microphone.suspend()
    with listening() as listener:
        listener.miss("no_first_frame")
        assert listener.items[0].start_sample == 0
        microphone.resume()
        listener.hear(0.5)


def test_an_absent_microphone_is_waited_for(microphone: VirtualMicrophone) -> None:
    microphone.unplug()
    with listening() as listener:
        assert listener.source.read(0.0) is None and listener.source.degraded
        listener.miss("vanished")
        microphone.replug()
        listener.hear(0.5)


def test_another_device_never_takes_the_place_of_the_first(microphone: VirtualMicrophone) -> None:
    with listening(SETTINGS.model_copy(update={"device": "no such microphone"})) as listener:
        listener.miss("vanished")
        assert "no input device has 'no such microphone' in its name" in listener.source.state
        assert DEVICE in listener.source.state, "it says what there is"


def test_a_killed_audio_server_is_survived(microphone: VirtualMicrophone) -> None:
    with listening() as listener:
        listener.hear(0.5)
        microphone.kill()
        listener.miss("vanished")
        microphone.start()
        listener.hear(0.5)


def test_an_audio_server_that_freezes_for_a_while_is_survived(microphone: VirtualMicrophone) -> None:
    with listening() as listener:
        listener.hear(0.5)
        microphone.freeze()
        listener.miss("stall")
        microphone.thaw()
        listener.hear(0.5)


def test_an_audio_server_that_stays_frozen_ends_the_reading(microphone: VirtualMicrophone) -> None:
    with listening() as listener:
        listener.hear(0.5)
        microphone.freeze()
        with pytest.raises(AudioSystemHung, match="has not answered for 5 s") as caught:
            listener.until("the end", lambda i: False)
        assert caught.value.exit_code == 69
        microphone.thaw()


def test_sound_that_the_driver_lost_becomes_a_gap(microphone: VirtualMicrophone) -> None:
    class Overflow:
        input_overflow = True

    with listening() as listener:
        listener.hear(1.0)
        stream = listener.source._keeper.streams[0]
        stream._take(np.zeros((2_400, 2), dtype=np.float32), 2_400, None, Overflow())
        listener.miss("overrun")
        listener.hear(0.5)
        assert listener.source.counters["overruns"] == 1
        assert listener.gaps[0].n_samples <= 3 * FRAME_GRID
        wait_for("the next opening", lambda: listener.source.counters["opened"] == 1)


def test_a_reader_that_comes_late_loses_the_newest_sound_and_is_told_how_much(microphone: VirtualMicrophone) -> None:
    with listening(SETTINGS.model_copy(update={"ring_s": 5.0})) as listener:
        listener.hear(0.5)
        ring = listener.source._keeper.streams[0].ring
        full = ring.written + 5 * RATE_HZ
        wait_for("a full ring", lambda: ring._lost > RATE_HZ, timeout_s=15)
        listener.miss("overrun")
        listener.hear(0.5)
        lost = listener.gaps[0]
        assert abs(lost.start_sample - full) < RATE_HZ / 10 + FRAME_GRID
        assert RATE_HZ < lost.n_samples < 3 * RATE_HZ
        observed = listener.source.last_observation
        assert observed is not None and abs(time.monotonic() - observed[1]) < 2


HANGING = """
import sys
from monitor.settings import AudioSettings, CalibrationSettings
from monitor.sources.microphone import MicrophoneSource
audio = AudioSettings(device=sys.argv[1], stall_s=0.5, first_frame_s=1.0, hang_s=5.0)
with MicrophoneSource(audio, CalibrationSettings()) as source:
    while True:
        item = source.read(0.2)
        if hasattr(item, "pressure_pa"):
            print("heard", flush=True)
"""


def test_a_process_whose_audio_server_stays_frozen_ends(microphone: VirtualMicrophone) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, DEVICE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "heard\n"
        microphone.freeze()
        try:
            assert process.wait(30) == 1
        finally:
            process.kill()
        assert "AudioSystemHung: The audio system has not answered for 5 s" in process.stderr.read()
