"""Networks with seeded random weights and used-looking batch-norm statistics, and a bundle made of one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from model_export.bundles import write_bundle
from monitor.model import Bundle, Predictor
from monitor.types import PAQ, LoudnessFrames, MelFrames, WindowPrediction
from training.networks import build

torch.set_num_threads(1)

NORMALISATION = {
    "log_mel": {"mean": [-19.0] * 64, "std": [20.0] * 64},
    "loudness": {"mean": [10.0], "std": [5.0]},
}


def random_network(which: str = "SoundEQnet", seed: int = 1) -> nn.Module:
    """A network in eval mode whose outputs depend on its inputs."""
    torch.manual_seed(seed)
    network = build(which)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and "freq_to_1" not in name:
            nn.init.kaiming_normal_(module.weight)
        if name.startswith("heads.") and not name.endswith("embedding") and isinstance(module, nn.Linear):
            module.weight.data *= 0.02
            module.bias.data += 3.0 if any(quality in name for quality in PAQ) else 0.0
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.normal_(module.bias, 0.1, 0.1)
            nn.init.normal_(module.running_mean, 0.0, 0.1)
            nn.init.uniform_(module.running_var, 0.3, 0.8)
    return network.eval()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of random_network(), written once per test run."""
    folder: Path = tmp_path_factory.getbasetemp() / "random_bundle"
    if not folder.exists():
        write_bundle(random_network(), "SoundEQnet", NORMALISATION, folder)
    return Bundle.load(folder)


def frames(seconds: float, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Features of an imagined clip that changes slowly: log-mel (1 + 100 s, 64) dB, loudness (500 s,) sone."""
    rng = np.random.default_rng(seed)
    n = round(seconds * 100)
    drift = np.cumsum(rng.normal(size=(n + 1, 1)), axis=0) * 0.5
    mel = (-20 + drift + 8 * rng.normal(size=(n + 1, 64))).astype(np.float32)
    loudness = np.abs(10 + np.repeat(drift[:n, 0], 5) * 0.3 + rng.normal(size=5 * n))
    return mel, loudness


def along(
    predictor: Predictor, log_mel: np.ndarray, n_sone: np.ndarray, start_sample: int = 0
) -> list[WindowPrediction]:
    """Predictions along a whole clip: at every hop, and at its end."""
    predictions = predictor.process(MelFrames(start_sample, log_mel), LoudnessFrames(start_sample, n_sone))
    rest = predictor.finish()
    return predictions if rest is None else [*predictions, predictor.infer(rest)]
