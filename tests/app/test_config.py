"""Configuration: what is wrong is said at once, and the example documents the truth."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from monitor.app import config
from monitor.app.failure import Exit, Failure
from monitor.settings import Settings

LOOK_AS_ANOTHER_USER = """
import os, pathlib, sys
from monitor.app import config
config.SYSTEM_CONFIG = pathlib.Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
print(config.find(None))
"""


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
    shown.write_text(config.show(settings, only_set=True))
    assert config.load(shown) == settings
    assert [line for line in shown.read_text().splitlines() if "=" in line][:3] == [
        'site = "park"', "latitude = 52.1", "day_start = 06:30:00"
    ]  # fmt: skip


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
        ("[aggregate]\nperiod_min = 1\n[narrate.llm]\ndeadline_s = 90", "longer than a reporting period, 60 s"),
        ("[calibration]\nfull_scale_pa = 1.0\nsensitivity_dbfs_rms_at_94_db = -20.0", "not both"),
        ("[node]\ntime_zone = 'Mars/Olympus'", "no IANA time zone"),
        ("[mqtt]\npassword_file = '/nonexistent/secret'", "mqtt.password_file = /nonexistent/secret cannot be read"),
        ("[node\n", "is not valid TOML"),
        ("[[alerts.rules]]\nname='a'\nquantity='event'\nevent='Dragon'\nabove=0.5", "unknown event 'Dragon'"),
        ("[[alerts.rules]]\nname='a'\nabove=60\n[[alerts.rules]]\nname='a'\nabove=70", "two rules are called a"),
        ("[audio]\nring_s = nan", "finite number"),
        ("[audio]\nchannel = -1", "greater than or equal to 0"),
        ("[aggregate]\nevening_start = 06:00:00", "must follow each other in this order"),
        ("[aggregate]\nnight_start = 07:00:00", "must follow each other in this order"),
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


def test_a_system_configuration_that_this_user_may_not_read_is_none_of_theirs(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "monitor.toml").write_text("")
    command = [sys.executable, "-c", LOOK_AS_ANOTHER_USER, str(folder / "monitor.toml")]
    environment = {k: v for k, v in os.environ.items() if k != "SOUNDSCAPE_CONFIG"}
    folder.chmod(0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    finally:
        folder.chmod(0o700)
    assert done.stdout == "None\n", done.stderr


@pytest.mark.parametrize(("day", "evening", "night"), [("08", "20", "00"), ("07", "23", "23"), ("22", "23", "06")])
def test_the_parts_of_the_day_may_lie_anywhere_around_the_clock(
    tmp_path: Path, day: str, evening: str, night: str
) -> None:
    file = tmp_path / "monitor.toml"
    starts = f"day_start = {day}:00:00\nevening_start = {evening}:00:00\nnight_start = {night}:00:00"
    file.write_text(f"[aggregate]\n{starts}\n")
    assert config.load(file).aggregate.night_start.hour == int(night)


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
