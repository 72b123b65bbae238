"""A support bundle helps somebody else without telling who and where the node is."""

import json
import zipfile
from pathlib import Path

import numpy as np
from command_line import CommandLine
from random_networks import NORMALISATION, random_network

from model_export.bundles import write_bundle
from monitor.model.bundle import Bundle
from monitor.settings import AggregateSettings
from monitor.store.history import History


def test_it_holds_the_findings_and_the_journal_and_nothing_private(monitor: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2")
    monitor.configure(
        '[node]\nplace = "Behind the bakery"\nlatitude = 52.3702\nlongitude = 4.8952\n'
        '[mqtt]\nurl = "mqtt://broker.invalid:1883"\nusername = "park/gate"\n'
        f'password_file = "{tmp_path / "password"}"\n'
        '[alerts]\nwebhook = "https://hooks.invalid/secret-path"\n'
    )
    state = tmp_path / "home-of-somebody"
    history = History(state / "history.db", AggregateSettings(), "UTC")
    history.note("boot", {"device": "USB microphone", "model": "m-1"})
    history.close()
    np.save(state / "sound.npy", np.zeros(10))
    done = monitor("support-bundle", "--state", state, "--out", tmp_path / "bundle.zip")
    assert done.code == 0, done.err
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert set(archive.namelist()) == {"versions.json", "doctor.json", "settings.json", "history.json"}
        text = "\n".join(archive.read(name).decode() for name in archive.namelist())
    for private in ("hunter2", "bakery", "52.37", "4.8952", "broker.invalid", "park/gate", "secret-path", str(state)):
        assert private not in text, private
    assert "USB microphone" in text and '"name": "broker"' in text and "(left out)" in text


def test_a_change_of_the_model_is_an_entry_of_its_own(monitor: CommandLine, clip: Path, tmp_path: Path) -> None:
    state = tmp_path / "state-of-three-runs"
    other = tmp_path / "other"
    write_bundle(random_network(seed=2), "SoundEQnet", NORMALISATION, other)
    for folder in (None, None, other):
        if folder is not None:
            monitor.config.write_text(f'[model]\nbundle = "{folder}"\n')
        done = monitor("run", "--source", clip, "--fast", "--duration", "1", "--state", state)
        assert done.code == 0, done.err
    assert not (state / "minute.draft").exists(), "drafts are for live sound"
    assert monitor("support-bundle", "--state", state, "--out", tmp_path / "bundle.zip").code == 0
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        journal = json.loads(archive.read("history.json"))["journal"]
    assert [entry["kind"] for entry in journal] == ["boot", "boot", "boot", "model"]
    assert journal[3]["detail"] == {"model": Bundle.load(other).id, "before": journal[0]["detail"]["model"]}
