"""Loudness is that of ISO 532-1:2017, of its reference signals and of its peer, without the peer's faults."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import mosqito_peer as peer
from monitor.dsp.loudness import StreamingLoudness, loudness
from monitor.dsp.resample import resample
from monitor.types import TRAINING_FULL_SCALE_PA

CLIP = "fold_1_participant_00056_stimulus_13"


def tone(frequency_hz: float, level_db: float, duration_s: float = 1.0) -> np.ndarray:
    time_s = np.arange(round(duration_s * 48_000)) / 48_000
    return np.sqrt(2) * 20e-6 * 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time_s)


@pytest.fixture(params=[f"{k:02d}" for k in range(6, 26)])
def annex_b(request: pytest.FixtureRequest, shared: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    path = shared / "iso532" / f"signal_{request.param}.wav"
    if not path.is_file():
        pytest.skip(f"Annex B signal not there: {path.name}")
    samples, rate = soundfile.read(path)
    assert rate == 48_000
    printed = np.load(shared / "iso532" / "reference.npz")
    index = round(float(printed[f"specific_bark_{request.param}"]) * 10 - 1)
    return samples * 2 * np.sqrt(2), printed[f"N_{request.param}"], printed[f"specific_{request.param}"], index


def test_annex_b_signals_agree_to_print_precision(annex_b: tuple[np.ndarray, np.ndarray, np.ndarray, int]) -> None:
    pressure_pa, n, specific, index = annex_b
    got_n, got_specific = StreamingLoudness(specific=True).process_specific(pressure_pa)
    assert got_specific.shape == (len(got_n), 240)
    assert np.abs(got_n[: len(n)] - n).max() < 0.0006
    assert np.abs(got_specific[: len(specific), index] - specific).max() < 0.0006


@pytest.mark.filterwarnings("ignore:Reading .*npy:UserWarning")
def test_the_published_loudness_comes_out(shared: Path) -> None:
    samples, rate = soundfile.read(shared / "reference_clip" / f"{CLIP}.loudness_input.wav")
    published = np.load(shared / "reference_clip" / f"{CLIP}.loudness.npy")[:, 0]
    got = loudness(resample(samples, rate, 48_000) * TRAINING_FULL_SCALE_PA)
    assert np.abs(got[: len(published)] - published).max() < 2e-4


def faded(x: np.ndarray) -> np.ndarray:
    """End in silence, where the peer's decay begins."""
    x = x.copy()
    x[-12_000:] *= np.linspace(1, 0, 12_000) ** 2
    return np.concatenate((x, np.zeros(24_000)))


@pytest.mark.parametrize("field", ["free", "diffuse"])
def test_mosqito_agrees_where_it_has_no_fault(field: str) -> None:
    rng = np.random.default_rng(7)
    bursts = np.repeat(rng.uniform(0.02, 1, 24), 2000)
    x = faded(np.cumsum(rng.standard_normal(48_000)) * 1e-3 * bursts + rng.standard_normal(48_000) * 0.02)
    ours = loudness(x, field)  # type: ignore[arg-type]
    assert ours.max() > 5
    assert np.abs(peer.with_right_slopes(x, field)[: len(ours)] - ours).max() < 1e-6
    assert np.abs(peer.as_published(x, field)[: len(ours)] - ours).max() < 0.02, "its slopes are faulty"


def test_mosqito_stages_before_the_slopes_agree_exactly() -> None:
    """What is left of the difference to it comes from its slopes alone."""
    x = faded(np.random.default_rng(3).standard_normal(24_000))
    theirs = peer.core_after_decay(x)
    ours = _core_after_decay(x)
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-8


def _core_after_decay(pressure_pa: np.ndarray) -> np.ndarray:
    from monitor.dsp import iso532_kernels as stage

    stream = StreamingLoudness()
    state = stream.state_dict()
    held = np.concatenate((state["pending"], pressure_pa))
    frames = (len(held) - 6) // 24
    energy, core = np.empty((frames, 28)), np.empty((frames, stage.CORE))
    stage.filter_bank(held, stream.bank_coefficients, state["bank"], energy)
    stage.core_loudness(energy, stream.scale, stream.low_correction, stream.bark_factors, core)
    stage.nonlinear_decay(core, stream.decay_weights, False, state["decay"])
    return core[:, :21].T


@pytest.mark.parametrize(("level_db", "sone"), [(40, 1.0), (50, 2.0), (60, 4.0), (70, 8.0), (80, 16.0)])
def test_a_tone_of_1_khz_doubles_every_10_db(level_db: float, sone: float) -> None:
    """By definition, 1 kHz at 40 dB in the free field is 1 sone; the method is within 5 % of it."""
    assert loudness(tone(1000, level_db))[400:].mean() == pytest.approx(sone, rel=0.05)


def test_digital_silence_is_0_sone() -> None:
    assert np.all(loudness(np.zeros(9600)) == 0)


def test_value_m_is_final_with_sample_96_m() -> None:
    stream = StreamingLoudness()
    assert [len(stream.process(np.zeros(1))) for _ in range(193)] == [int(k % 96 == 0) for k in range(193)]
    assert len(loudness(np.zeros(48_000))) == 500


def test_specific_loudness_adds_up_to_the_total_of_a_steady_sound() -> None:
    total, specific = StreamingLoudness(specific=True).process_specific(tone(2000, 70, 1.5))
    assert specific[-50:].sum(axis=1).mean() * 0.1 == pytest.approx(total[-1], rel=0.02)


def test_without_asking_there_is_no_specific_loudness() -> None:
    total, specific = StreamingLoudness().process_specific(np.zeros(960))
    assert total.shape == (10,) and specific.shape == (10, 0)


def test_a_diffuse_field_differs_where_the_table_says() -> None:
    free, diffuse = (loudness(tone(4000, 70), field)[400:].mean() for field in ("free", "diffuse"))
    assert diffuse < free, "-1.9 dB in the critical band of 4 kHz"
    low = [loudness(tone(50, 80), field)[400:].mean() for field in ("free", "diffuse")]
    assert low[0] == pytest.approx(low[1], rel=0.02), "0 dB in the lowest bands"


def test_a_louder_sound_is_louder_up_to_130_db() -> None:
    levels = np.arange(20, 131, 10)
    values = [loudness(tone(200, level, 0.5))[200:].mean() for level in levels]
    assert np.all(np.diff(values) > 0)


def test_other_rates_and_fields_are_refused() -> None:
    with pytest.raises(ValueError, match="48000 Hz only, received 44100; resample first"):
        StreamingLoudness(fs=44_100)
    with pytest.raises(ValueError, match='expected "free" or "diffuse"'):
        StreamingLoudness(field="near")  # type: ignore[arg-type]
