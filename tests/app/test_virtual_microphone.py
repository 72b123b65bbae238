"""What comes through a microphone gives the same summaries as the file: the whole way, sample clock included."""

import csv
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
from marker import AfterMarker, with_marker
from virtual_microphone import DEVICE, virtual_microphone

from monitor.app import node
from monitor.app.node import Options, assemble
from monitor.dsp.resample import resample
from monitor.model.bundle import Bundle
from monitor.records import GapRecord, MinuteSummary, SoundEvent
from monitor.settings import AudioSettings, ModelSettings, Settings
from monitor.sources import open_source
from monitor.sources.demo import DemoSource
from monitor.sources.microphone import MicrophoneSource
from monitor.types import RATE_HZ, AudioBlock


def demo_programme(seconds: int) -> np.ndarray:
    """The demo scene, at the assumed scale."""
    source = DemoSource(realtime=False)
    blocks = [source.read(0) for _ in range(10 * seconds)]
    return (
        np.concatenate([b.pressure_pa for b in blocks if isinstance(b, AudioBlock)]) / source.calibration.full_scale_pa
    )


def real_programme(shared: Path, seconds: int) -> np.ndarray:
    """Real recordings, one after the other."""
    with (shared / "audio" / "manifest.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["licence_class"] == "free"]
    pieces: list[np.ndarray] = []
    for row in rows[::7]:
        sound, rate = soundfile.read(shared / "audio" / row["file"], dtype="float64", always_2d=True)
        pieces.append(resample(sound.mean(axis=1), rate, RATE_HZ))
        if sum(map(len, pieces)) >= seconds * RATE_HZ:
            break
    return np.clip(np.concatenate(pieces)[: seconds * RATE_HZ], -1, 32767 / 32768)


class Run:
    """The records of one run of the node."""

    def __init__(self, settings: Settings, source: str, state: Path) -> None:
        self.records: list[object] = []
        with ExitStack() as stack:
            built = assemble(settings, Options(source, fast=True, state=state), self.records.append, stack)
            built.pipeline.start()
            assert built.pipeline.join()
            assert built.pipeline.failure is None, built.pipeline.failure
        self.minutes = [r for r in self.records if isinstance(r, MinuteSummary)]
        self.events = [(e.label, e.onset, e.offset) for e in self.records if isinstance(e, SoundEvent)]
        self.gaps = [r for r in self.records if isinstance(r, GapRecord)]


def compare(programme: np.ndarray, bundle: Bundle, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(folder / "programme.wav", programme, RATE_HZ, subtype="PCM_16")
    soundfile.write(folder / "marked.wav", with_marker(programme), RATE_HZ, subtype="PCM_16")
    settings = Settings(audio=AudioSettings(device=DEVICE), model=ModelSettings(bundle=bundle.folder))
    fast = Run(settings, str(folder / "programme.wav"), folder / "fast")

    def marked(settings: Settings, *_: object, **__: object) -> AfterMarker:
        microphone = MicrophoneSource(settings.audio, settings.calibration)
        playing.append(plugged_in.play(folder / "marked.wav"))
        return AfterMarker(microphone, len(programme))

    playing: list[object] = []
    with virtual_microphone() as plugged_in:
        monkeypatch.setattr(node, "open_source", marked)
        heard = Run(settings, "mic", folder / "heard")
        monkeypatch.setattr(node, "open_source", open_source)
    assert heard.gaps == [] and len(heard.minutes) == len(fast.minutes) == -(-len(programme) // (60 * RATE_HZ))
    assert heard.events == fast.events
    for a, b in zip(heard.minutes, fast.minutes, strict=True):
        assert a.start == b.start and a.quality.coverage == pytest.approx(b.quality.coverage, abs=1e-3)
        assert a.scene.label == b.scene.label and a.events.keys() == b.events.keys()
        for name in ("LAeq", "LCeq", "LAFmax", "LCpeak", "L10", "L50", "L90"):
            assert getattr(a.levels, name) == pytest.approx(getattr(b.levels, name), abs=0.1), name
        for name in ("N5", "N50", "N_mean", "N_max"):
            assert getattr(a.loudness, name) == pytest.approx(getattr(b.loudness, name), rel=0.01), name
    print(
        f"{len(heard.minutes)} minutes, 0 gaps, {len(heard.events)} events; identical: {heard.minutes == fast.minutes}"
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for name in ("fast", "heard"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_minute_through_the_microphone_is_the_minute_of_the_file(
    state: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(demo_programme(65), bundle, state, monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_five_minutes_of_real_sound_through_the_microphone_are_those_of_the_file(
    state: Path, bundle: Bundle, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(real_programme(shared, 300), bundle, state, monkeypatch)
