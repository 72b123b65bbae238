"""Narrow networks, the whole one they become, its heads refitted on pooled embeddings, and a change of scaling."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.distil import DistilSettings, distil, start_biases
from training.features import Shards
from training.losses import ALPHA, Batch, PlainSum, UncertaintyWeights, affect_of
from training.networks import Outputs
from training.networks.soundeqnet import Head, SoundEQnet
from training.normalization import Normalization
from training.recipe import calibrated_fields, checkpoint, rescale
from training.refit import make_linear, nodes_of, pool_windows, refit
from training.soundscape_data import SoundscapeData
from training.warmstart import NarrowSoundEQnet, assemble, narrow, settle, sparse_branch


def unsettle(network: torch.nn.Module) -> None:
    """Give batch norms statistics that are not trivial."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.copy_(0.2 * torch.randn(module.running_mean.shape, generator=generator))
            module.running_var.copy_(0.5 + torch.rand(module.running_var.shape, generator=generator))


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_a_sparse_branch_becomes_a_dense_one_that_gives_the_same(kernel: int) -> None:
    torch.manual_seed(kernel)
    sparse = NarrowSoundEQnet((3, kernel) if kernel > 3 else (3,)).eval()
    unsettle(sparse)
    full = assemble(sparse).eval()
    mel, loudness = torch.randn(2, 1, 401, 64), torch.randn(2, 1, 2000, 1)
    for name, x in ((f"mel_k{kernel}", mel), (f"loudness_k{kernel}", loudness)):
        torch.testing.assert_close(full.branches[name](x), sparse.branches[name](x), rtol=1e-4, atol=1e-5)


def test_a_network_thinned_out_is_the_narrow_one_that_was_widened() -> None:
    before = NarrowSoundEQnet((3, 7)).eval()
    unsettle(before)
    after = narrow(assemble(before, noise=0.1), (3, 7)).eval()
    x = torch.randn(2, 401, 64), torch.randn(2, 2000, 1)
    for one, other in zip(before(*x), after(*x), strict=True):
        torch.testing.assert_close(one, other)


def test_settled_batch_norms_keep_what_the_network_says() -> None:
    network = NarrowSoundEQnet((3,)).eval()
    unsettle(network)
    none = torch.zeros(0)
    batches = [Batch(3 * torch.randn(4, 321, 64), torch.randn(4, 1600, 1), none, none, none, none) for _ in range(3)]
    before = affect_of(network(batches[0].mel, batches[0].loudness))
    settle(network, batches)
    torch.testing.assert_close(affect_of(network(batches[0].mel, batches[0].loudness)), before, rtol=1e-3, atol=1e-4)
    assert network.bn0.running_var is not None and network.bn0.running_var.mean() == pytest.approx(9, rel=0.1)


def test_a_sparse_branch_costs_as_much_as_the_narrowest() -> None:
    sizes = {k: sum(p.numel() for p in sparse_branch("mel", k).parameters()) for k in (3, 9)}
    assert sizes[3] == sizes[9]


def clips(folder: Path, count: int = 12, seconds: float = 4.8) -> SoundscapeData:
    """Soundscapes of noise whose labels follow its level."""
    rng = np.random.default_rng(0)
    level = rng.random(count).astype(np.float32)
    mel = (-60 + 30 * level[:, None, None] + rng.normal(0, 3, (count, round(100 * seconds) + 1, 64))).astype(np.float16)
    arrays = {
        "mel": mel,
        "loudness": (2 + 10 * level[:, None] + rng.random((count, round(500 * seconds)))).astype(np.float16),
        "teacher_scene": np.full((count, 3, 3), 1 / 3, dtype=np.float32),
        "teacher_event": np.clip(rng.random((count, 3, 15)), 0.05, 0.95).astype(np.float32),
        "teacher_affect": (1 + 3 * np.broadcast_to(level[:, None, None], (count, 3, 10))).astype(np.float32),
        "teacher_embedding": rng.random((count, 356)).astype(np.float16),
        "heard": np.full((count, 15), -99, dtype=np.float32),
        "scene": (3 * level).astype(np.int8),
        "confidence": np.full(count, 0.9, dtype=np.float32),
        "closed": np.zeros(count, dtype=bool),
    }
    Shards(folder).write(0, arrays)
    return SoundscapeData(folder, Normalization.measure(mel, arrays["loudness"]), seed=0)


def test_pooled_windows_give_what_the_network_gives(tmp_path: Path) -> None:
    data = clips(tmp_path, 3)
    network = NarrowSoundEQnet((3, 7)).eval()
    unsettle(network)
    pooled = pool_windows(network, data, np.arange(3), [(4.8, 1)])
    batch = data.batch(np.arange(3), 481, start=0)
    with torch.inference_mode():
        whole = affect_of(network(batch.mel, batch.loudness))
        # the heads of a narrow network read their own frequency weights: compare through the whole network
        full = assemble(network).eval()
        again = affect_of(full.classify(nodes_of(full, pooled)))
    torch.testing.assert_close(again, whole, rtol=1e-3, atol=1e-3)


def test_refitted_heads_fit_and_are_calibrated(tmp_path: Path) -> None:
    data = clips(tmp_path)
    thin = NarrowSoundEQnet((3,)).eval()
    pooled = pool_windows(thin, data, np.arange(len(data)), [(4.8, 1), (4.0, 1)])

    def affect() -> np.ndarray:  # type: ignore[type-arg]
        with torch.inference_mode():
            return affect_of(network.eval().classify(nodes_of(network, pooled))).numpy()

    mel, loudness = pooled.mel / pooled.mel.std(), pooled.loudness / pooled.loudness.std()  # as large as trained ones
    pooled = replace(pooled, mel=mel, loudness=loudness)
    network = assemble(thin)
    start_biases(network, data)
    before = affect()
    refit(network, pooled, data.targets)
    after = affect()
    wanted = data.targets.affect[pooled.clip.numpy()]
    assert ((after - wanted) ** 2).mean() < 0.8 * ((before - wanted) ** 2).mean()
    errors = calibrated_fields(network, [data])["metrics"]["ece"]
    assert errors["event"] <= errors["event_uncalibrated"] + 0.02
    saved = checkpoint(network, data.normalization, {})
    saved.save(tmp_path / "out.pt")
    assert (tmp_path / "out.pt").stat().st_size < 12e6


def test_the_newest_4_s_are_calibrated_on_clips_of_4_s_alone(tmp_path: Path) -> None:
    network, long, short = SoundEQnet().eval(), clips(tmp_path / "long"), clips(tmp_path / "short", 9, seconds=4)
    without, both = calibrated_fields(network, [long]), calibrated_fields(network, [short, long])
    assert without["calibration"]["event_short"] == without["calibration"]["event"] == both["calibration"]["event"]
    assert both["calibration"]["event_short"] != both["calibration"]["event"]
    assert "event_short" in both["metrics"]["ece"] and "event_short" not in without["metrics"]["ece"]
    with pytest.raises(ValueError, match="longer than 4 s"):
        calibrated_fields(network, [short])


def test_a_head_made_linear_is_linear() -> None:
    head, x = Head(128, 3), torch.randn(7, 512)
    slopes, offset = torch.randn(512, 3) / 20, torch.randn(3)
    make_linear(head, slopes, offset)
    torch.testing.assert_close(head(x), x @ slopes + offset, rtol=1e-4, atol=1e-5)


def test_rescaled_weights_give_the_same_from_inputs_on_the_other_scale() -> None:
    torch.manual_seed(0)
    network = SoundEQnet().eval()
    unsettle(network)
    rng = np.random.default_rng(0)
    mel, sone = rng.normal(-45, 10, (2, 481, 64)), rng.uniform(1, 20, (2, 2400))
    ours = Normalization.measure(mel, sone)
    other = Normalization(ours.mel_mean + 20, 1.7 * ours.mel_std, 10.2, 4.7)
    with torch.inference_mode():
        before = network(*map(torch.from_numpy, ours.apply(mel, sone)))
        rescale(network, ours, other)
        after = network(*map(torch.from_numpy, other.apply(mel, sone)))
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_distillation_resumes(tmp_path: Path) -> None:
    data = clips(tmp_path / "data")
    settings = DistilSettings(minutes=0.02, batch=4, frames=401, frames_start=321, warmup=2)

    def run(settings: DistilSettings, weights: int = 0) -> dict[str, Any]:
        torch.manual_seed(weights)
        distil(NarrowSoundEQnet(), data, None, settings, tmp_path / "run")
        return dict(torch.load(tmp_path / "run" / "last.pt", weights_only=True))

    first = run(settings)
    assert first["step"] >= 1
    assert run(settings)["step"] == first["step"], "the budget is spent: read, not trained on"
    assert run(replace(settings, minutes=first["spent"] / 60 + 0.01))["step"] > first["step"]
    with pytest.raises(ValueError, match="begun from other weights"):
        run(settings, weights=1)
    data.normalization = Normalization.measure(data.arrays["mel"] + 1, data.arrays["loudness"])
    with pytest.raises(ValueError, match="another seed or scaling"):
        run(settings)


def test_losses_are_weighted_as_published() -> None:
    losses = torch.arange(1.0, 13.0)
    expected = sum(a * float(one) for a, one in zip(ALPHA, losses, strict=True)) + 12 * np.log(2)
    assert UncertaintyWeights()(losses).item() == pytest.approx(expected, rel=1e-5)  # at s = 1
    assert PlainSum()(losses).item() == 78


def test_affect_is_in_the_order_of_the_heads() -> None:
    outputs = Outputs(
        torch.zeros(1, 3), torch.zeros(1, 15), torch.tensor([1.0]), torch.tensor([2.0]), torch.arange(3.0, 11)[None]
    )
    assert affect_of(outputs).tolist() == [[float(x) for x in range(1, 11)]]
