"""A run listens to what it was told, or else to the microphone, or else to the demo scene."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from virtual_microphone import DEVICE, virtual_microphone

from monitor.settings import AudioSettings, Settings
from monitor.sources import open_source
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.contract import BadInput, DeviceError
from monitor.sources.demo import DemoSource
from monitor.sources.devices import DeviceAway, find_input, list_inputs, load_sounddevice, stable_name
from monitor.sources.microphone import MicrophoneSource


def test_with_a_microphone_it_is_heard_and_without_one_the_demo_says_why() -> None:
    with virtual_microphone() as microphone:
        with open_source(Settings(), None) as source:
            assert isinstance(source, MicrophoneSource) and "cannot" not in source.state
        microphone.unplug()
        with open_source(Settings(), None) as source:
            assert isinstance(source, DemoSource)
            assert source.state.startswith("demo scene, synthesised, since") and "cannot be opened" in source.state


def test_a_microphone_that_was_asked_for_is_waited_for() -> None:
    with virtual_microphone():
        for settings, spec in ((Settings(), "mic"), (Settings(audio=AudioSettings(device="USB")), None)):
            with open_source(settings, spec) as source:
                assert isinstance(source, MicrophoneSource)


def test_files_and_the_demo_are_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(4_800), 48_000)
    with open_source(Settings(), str(tmp_path / "a.wav"), realtime=False) as source:
        assert isinstance(source, AudioFileSource)
    with open_source(Settings(), "demo", realtime=False) as source:
        assert isinstance(source, DemoSource)
    with pytest.raises(BadInput, match="faster than real time"):
        open_source(Settings(), "mic", realtime=False)


def test_a_missing_portaudio_is_one_sentence_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)

    class Absent:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.setattr(sys, "meta_path", [Absent, *sys.meta_path])
    with pytest.raises(DeviceError, match="apt install libportaudio2") as caught:
        open_source(Settings(), "mic")
    assert caught.value.exit_code == 69
    assert isinstance(open_source(Settings(), None), DemoSource), "with nothing asked for, the demo plays"


def test_importing_the_sources_needs_no_portaudio() -> None:
    code = "import sys, monitor.sources; assert 'sounddevice' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)


@pytest.mark.parametrize(
    ("system", "stable"),
    [
        ("USB Audio Device: - (hw:1,0)", "USB Audio Device"),
        ("UMIK-1: USB Audio (hw:2,0)", "UMIK-1: USB Audio"),
        ("pulse", "pulse"),
        ("sysdefault", "sysdefault"),
        ("MacBook Pro Microphone", "MacBook Pro Microphone"),
        ("hw:0", "hw:0"),
    ],
)
def test_names_are_stable_over_restarts(system: str, stable: str) -> None:
    assert stable_name(system) == stable


def test_devices_are_found_by_part_of_their_name() -> None:
    with virtual_microphone():
        sd = load_sounddevice()
        names = [device.name for device in list_inputs(sd)]
        assert DEVICE in names and sum(device.is_default for device in list_inputs(sd)) == 1
        assert find_input(sd, "PUL").name == DEVICE
        assert find_input(sd, None).is_default
        with pytest.raises(DeviceAway, match="no input device has 'tape' in its name"):
            find_input(sd, "tape")
