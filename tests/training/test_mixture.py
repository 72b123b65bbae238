"""Soundscapes from recordings: licences, plans, levels, labels, targets, teachers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monitor.types import EVENTS, P0_PA, SCENES
from training.attribution import attribution_table
from training.mixture import acoustics
from training.mixture.plan import Part, Plan, Planner
from training.mixture.render import Renderer, _tile
from training.mixture.sources import AudioStore, SourceError, imply, read_manifest, split
from training.mixture.synthesis import SYNTHESISERS
from training.targets import soft_targets
from training.teachers import Ensemble, scene_target

ROWS = [(scene, frozenset({"Speech", "Bird", "Vehicle", "Water", "Music"})) for scene in SCENES]
SECONDS = 5
N = SECONDS * 48_000


@pytest.fixture(scope="module")
def store(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> AudioStore:
    return AudioStore.open(tmp_path_factory.mktemp("store") / "audio", recordings, read_manifest(recordings))


@pytest.fixture(scope="module")
def planner(recordings: Path) -> Planner:
    return Planner([source for source in read_manifest(recordings) if not source.held_out], ROWS)


def level_dba(pressure_pa: np.ndarray) -> float:  # type: ignore[type-arg]
    spectrum = np.fft.rfft(pressure_pa).astype(np.complex64)
    return 10 * np.log10(acoustics.mean_square(spectrum, N, acoustics.a_weighting(N)) / P0_PA**2)


def test_only_free_and_repository_licences_train(recordings: Path) -> None:
    used = [source for source in read_manifest(recordings) if not source.held_out]
    assert {source.licence_class for source in used} <= {"free", "repo"}
    assert {source.file for source in used} >= {"street.wav", "square.wav"}
    assert "locked.wav" not in {source.file for source in used}


def test_held_out_origins_are_few_and_fixed(shared: Path) -> None:
    sources = read_manifest(shared / "audio")
    trained = {source.origin for source in split(sources, held_out=False)}
    assert not trained & {source.origin for source in split(sources, held_out=True)}
    assert all(s.held_out for s in sources if s.licence_class in ("nc", "pixabay", "unclear"))


def test_implied_events_are_added() -> None:
    assert imply(["Traffic"]) == {"Traffic", "Vehicle", "Sounds of things"}


def test_a_manifest_without_a_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,events\na.wav,Bird\n")
    with pytest.raises(SourceError, match="column 'scene' is missing"):
        read_manifest(tmp_path)
    with pytest.raises(SourceError, match="no such file"):
        read_manifest(tmp_path / "elsewhere")


def test_a_store_is_decoded_again_when_recordings_were_added(recordings: Path, tmp_path: Path) -> None:
    sources = read_manifest(recordings)
    AudioStore.open(tmp_path, recordings, sources[:3])
    assert len(AudioStore.open(tmp_path, recordings, sources[:4]).read(sources[3].file)) == 3 * 48_000
    with pytest.raises(SourceError, match=r"gone\.wav: not readable"):
        AudioStore.open(tmp_path, recordings, [replace(sources[0], file="gone.wav")])


def test_the_same_seed_gives_the_same_soundscape(planner: Planner, store: AudioStore) -> None:
    first, second = (
        Renderer(store).render(planner.draw(rng), N, rng)
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    np.testing.assert_array_equal(first.pressure_pa, second.pressure_pa)
    assert first.kind == second.kind


def test_soundscapes_have_the_level_they_say_and_labels(planner: Planner, store: AudioStore) -> None:
    renderer = Renderer(store)
    kinds = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        plan = planner.draw(rng)
        made = renderer.render(plan, N, rng)
        kinds.add(made.kind)
        assert np.isfinite(made.pressure_pa).all()
        assert level_dba(made.pressure_pa) == pytest.approx(made.level_dba, abs=1.5)
        expected = set().union(*(part.events for part in plan.parts)) if plan.kind != "quiet" else {"Silence"}
        assert {e for e, level in zip(EVENTS, made.heard, strict=True) if level > -90} == expected
        if plan.kind == "scene":
            assert made.scene == SCENES.index(str(plan.scene))
    assert {"scene", "recording", "pair"} <= kinds


def test_scenes_are_drawn_as_the_rows_have_them(planner: Planner) -> None:
    rng = np.random.default_rng(0)
    plans = [plan for plan in (planner.draw(rng) for _ in range(600)) if plan.kind == "scene"]
    shares = [sum(plan.scene == scene for plan in plans) / len(plans) for scene in SCENES]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.08)


@pytest.mark.parametrize("name", SYNTHESISERS)
def test_synthesised_sources_sound(name: str) -> None:
    samples = SYNTHESISERS[name][0](48_000, np.random.default_rng(0))
    assert samples.dtype == np.float32 and len(samples) == 48_000
    assert np.isfinite(samples).all() and np.std(samples) > 1e-3


def test_the_louder_source_is_the_nearer_to_the_whole(store: AudioStore) -> None:
    bird, speech = frozenset({"Bird"}), frozenset({"Speech"})
    parts = (Part("park.wav", bird, 0, True, True), Part("speech.wav", speech, -20, False, False))
    made = Renderer(store).render(Plan("pair", None, 0.0, 60, parts), N, np.random.default_rng(0))
    assert made.heard[EVENTS.index("Bird")] > -1
    assert made.heard[EVENTS.index("Speech")] < -12


def test_a_plain_recording_is_heard_as_it_is(store: AudioStore) -> None:
    part = Part("park.wav", frozenset({"Bird"}), 0, True, True)
    for seed in range(12):
        made = Renderer(store).render(Plan("plain", "park", 1.0, float("nan"), (part,)), N, np.random.default_rng(seed))
        original = _tile(store.read("park.wav"), N, np.random.default_rng(seed))
        assert np.corrcoef(made.pressure_pa, original)[0, 1] > 0.9999


def test_certain_labels_outvote_the_teachers() -> None:
    heard = np.full((1, 15), -99, dtype=np.float32)
    heard[0, EVENTS.index("Bird")] = -2
    targets = soft_targets(
        {
            "teacher_scene": np.full((1, 3, 3), 1 / 3, dtype=np.float32),
            "teacher_event": np.full((1, 3, 15), 0.5, dtype=np.float32),
            "teacher_affect": np.ones((1, 3, 10), dtype=np.float32),
            "heard": heard,
            "scene": np.array([1], dtype=np.int8),
            "confidence": np.array([0.9], dtype=np.float32),
            "closed": np.array([True]),
        }
    )
    event = dict(zip(EVENTS, targets.event[0], strict=True))
    assert event["Bird"] == pytest.approx(0.92)
    assert event["Speech"] == pytest.approx(0.2)
    assert event["Environment and background"] == 0.5
    assert targets.scene[0].argmax() == 1 and targets.scene[0].sum() == pytest.approx(1)


def test_teachers_scenes_join_by_their_geometric_mean() -> None:
    doubtful = np.array([[[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.1, 0.6, 0.3]]], dtype=np.float32)
    assert scene_target(doubtful)[0, 0] > 0.6


def test_teachers_hear_a_tiled_clip_as_its_repetitions(shared: Path) -> None:
    ensemble = Ensemble(shared / "published", shared / "reference_clip" / "normalization.json")
    mel = np.random.default_rng(0).normal(-50, 8, (1, 1001, 64)).astype(np.float32)
    tiled = np.tile(mel[:, :1000], (1, 4, 1))[:, :3001]
    short, long = ensemble.ask(mel), ensemble.ask(tiled)
    np.testing.assert_allclose(short.scene[:, 0], long.scene[:, 0], atol=0.05)  # AD_CNN: exact but for its edges
    assert short.affect.shape == (1, 3, 10)
    assert short.affect[..., 2:].min() >= 1 and short.affect[..., 2:].max() <= 5


def test_attribution_names_only_what_trained(recordings: Path, tmp_path: Path) -> None:
    text = (recordings / "manifest.csv").read_text().splitlines()
    extra = ",licence,attribution,source_repo,source_path"
    rows = [f"{row},CC0,somebody,repo,path/{i}.wav" for i, row in enumerate(text[1:])]
    (tmp_path / "manifest.csv").write_text("\n".join([text[0] + extra, *rows]) + "\n")
    table = attribution_table(tmp_path)
    assert "market square" in table
    assert "birds | repo, path/9" not in table
