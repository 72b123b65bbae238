"""Configuration: what is wrong is said at once, and the example documents the truth."""

import re
import tomllib
from pathlib import Path

import pytest

from monitor.app import config
from monitor.app.failure import Exit, Failure
from monitor.settings import Settings


def fails(tmp_path: Path, text: str) -> Failure:
    file = tmp_path / "monitor.toml"
    file.write_text(text)
    with pytest.raises(Failure) as caught:
        config.load(file)
    return caught.value


def test_defaults_need_no_file() -> None:
    assert config.load(None) == Settings()


def test_shown_settings_are_read_back_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(
        '[node]\nsite = "park"\nlatitude = 52.1\n[aggregate]\nday_start = 06:30:00\n[narrate.llm]\nmodel = "m"\n'
        '[[alerts.rules]]\nname = "loud"\nabove = 70.0\n'
    )
    settings = config.load(file)
    shown = tmp_path / "shown.toml"
    shown.write_text(config.show(settings))
    assert config.load(shown) == settings


def test_the_example_is_valid_and_its_defaults_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(config.example())
    assert config.load(file) == Settings()
    uncommented = re.sub(r"(?m)^# (\w+ = (?!\.\.\.).*)$", r"\1", config.example().split("# [[alerts")[0])
    file.write_text(uncommented)
    assert config.load(file) == Settings()
    keys = {f"{t}.{k}" for t, table in tomllib.loads(uncommented).items() for k in table}
    assert {"node.site", "audio.ring_s", "mqtt.keepalive_s"} <= keys


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[node]\nnam = 'x'", "unknown key node.nam (did you mean name?)"),
        ("[mode]\n", "unknown key mode (did you mean model?)"),
        ("[audio]\nring_s = 'long'", "audio.ring_s: Input should be a valid number"),
        ("[model]\nhop_s = 0.5", "hop_s = 0.5 is not a multiple of 0.08 s"),
        ("[aggregate]\nperiod_min = 7", "does not divide an hour"),
        ("[calibration]\nfull_scale_pa = 1.0\nsensitivity_dbfs_rms_at_94_db = -20.0", "not both"),
        ("[node]\ntime_zone = 'Mars/Olympus'", "no IANA time zone"),
        ("[mqtt]\npassword_file = '/nonexistent/secret'", "mqtt.password_file = /nonexistent/secret cannot be read"),
        ("[node\n", "is not valid TOML"),
        ("[[alerts.rules]]\nname='a'\nquantity='event'\nevent='Dragon'\nabove=0.5", "unknown event 'Dragon'"),
        ("[audio]\nring_s = nan", "finite number"),
    ],
)
def test_each_fault_is_one_clear_sentence(tmp_path: Path, text: str, said: str) -> None:
    failure = fails(tmp_path, text)
    assert failure.code == Exit.CONFIG
    assert said in str(failure) and "\n" not in str(failure) and "monitor.toml" in str(failure)


def test_a_missing_file_is_missing_input(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no configuration file") as caught:
        config.load(tmp_path / "absent.toml")
    assert caught.value.code == Exit.MISSING_INPUT


def test_two_faults_are_told_together(tmp_path: Path) -> None:
    failure = fails(tmp_path, "[node]\nnam = 'x'\n[audio]\nring_s = 1")
    assert "node.nam" in str(failure) and "audio.ring_s" in str(failure)


def test_an_unwritable_state_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", str(blocked / "state"))
    with pytest.raises(Failure, match="cannot be made") as caught:
        config.state_folder()
    assert caught.value.code == Exit.CONFIG
