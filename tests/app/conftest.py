"""The command line as users call it, on sound made by code, with a bundle of random weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from brokers import mosquitto  # noqa: F401 - a fixture
from command_line import CommandLine
from random_networks import bundle  # noqa: F401 - a fixture

from monitor.model.bundle import Bundle


@pytest.fixture
def monitor(tmp_path: Path, bundle: Bundle) -> CommandLine:  # noqa: F811
    """The command line, configured with a random model."""
    config = tmp_path / "monitor.toml"
    config.write_text(f'[model]\nbundle = "{bundle.folder}"\n')
    return CommandLine(tmp_path, config)


@pytest.fixture(scope="session")
def make_sound() -> Callable[..., np.ndarray]:
    """Return a maker of plausible sound: filtered noise that swells, with tones now and then."""

    def make(seconds: float, rate: int = 48_000, seed: int = 3) -> np.ndarray:
        rng = np.random.default_rng(seed)
        n = round(seconds * rate)
        time = np.arange(n) / rate
        noise = np.convolve(rng.normal(size=n), np.ones(8) / 8, mode="same")
        swell = 0.3 + 0.7 * np.sin(2 * np.pi * time / 17) ** 2
        chirp = np.sin(2 * np.pi * (2500 + 800 * np.sin(2 * np.pi * 3 * time)) * time) * (np.sin(0.7 * time) > 0.6)
        return 0.02 * noise * swell + 0.02 * chirp

    return make


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, make_sound: Callable[..., np.ndarray]) -> Path:
    """Return a WAV of 130 s."""
    path = tmp_path_factory.mktemp("clips") / "clip.wav"
    soundfile.write(path, make_sound(130), 48_000, subtype="PCM_16")
    return path
