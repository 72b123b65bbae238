"""A support bundle helps somebody else without telling who and where the node is."""

import zipfile
from pathlib import Path

import numpy as np
from command_line import CommandLine

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
