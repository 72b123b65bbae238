"""What is installed on a node: the unit's hardening, the scripts, and what an audit may claim."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.audit import judged

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
UNIT = DEPLOY / "systemd/soundscape-monitor.service"


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_sound_and_its_exposure_is_below_3(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/soundscape-monitor/venv/bin/soundscape-monitor", "/bin/true"))
    verified = run("systemd-analyze", "verify", here)
    assert verified.returncode == 0 and not verified.stderr.strip(), verified.stderr
    judgement = run("systemd-analyze", "security", "--offline=true", UNIT).stdout
    exposure = re.search(r"Overall exposure level for .*: ([\d.]+)", judgement)
    assert exposure is not None, judgement
    assert float(exposure[1]) < 3.0


@pytest.mark.parametrize("script", sorted(p for p in DEPLOY.rglob("*") if p.is_file() and p.read_bytes()[:2] == b"#!"))
def test_every_script_is_one_that_its_shell_can_read(script: Path) -> None:
    shell = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"
    parsed = run(shell, "-n", script)
    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.parametrize(
    "arguments", [["remove"], ["install", "--node"], ["uninstall", "--node", "x"], ["install", "--purge"]]
)
def test_the_installer_refuses_what_it_does_not_know_before_it_does_anything(arguments: list[str]) -> None:
    done = run("bash", DEPLOY / "install.sh", *arguments)
    assert done.returncode != 0
    assert re.match(r"install.sh: (usage|run it as root)", done.stderr), done.stderr


def test_the_caller_of_the_service_names_the_folders_that_the_unit_has() -> None:
    caller, unit = (DEPLOY / "soundscape-monitor").read_text(), UNIT.read_text()
    for name in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
        value = re.search(rf"{name}=(\S+)", unit)
        assert value is not None and f"{name}={value[1]}" in caller
    assert "STATE_DIRECTORY=/var/lib/soundscape-monitor" in caller
    assert "StateDirectory=soundscape-monitor\n" in unit and "User=soundscape\n" in unit


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """Return the caller of the service with the program and the environment file in a folder, as its user runs it."""
    script = (DEPLOY / "soundscape-monitor").read_text()
    for name in ("program", "environment"):
        script, found = re.subn(rf"^{name}=.*$", f"{name}={tmp_path}/{name}", script, flags=re.MULTILINE)
        assert found == 1
    said = f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n"
    for name, content in {"caller": script, "id": "#!/bin/sh\necho soundscape\n", "program": said}.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    return tmp_path / "caller"


def called(caller: Path, *arguments: str) -> tuple[list[str], dict[str, str], str]:
    path = {"PATH": f"{caller.parent}:/usr/bin:/bin"}
    done = subprocess.run([caller, *arguments], capture_output=True, text=True, env=path, timeout=60)
    assert done.returncode == 0, done.stderr
    words, environment = json.loads(done.stdout)
    return words, environment, done.stderr


def test_the_caller_of_the_service_has_the_environment_that_the_unit_reads(caller: Path, tmp_path: Path) -> None:
    unit = re.search(r"^EnvironmentFile=-(.*)$", UNIT.read_text(), re.MULTILINE)
    assert unit is not None and f"\nenvironment={unit[1]}\n" in (DEPLOY / "soundscape-monitor").read_text()
    (tmp_path / "environment").write_text(
        '# KEY=comment\n; OTHER=comment\n\nno assignment\n2=two\nexport BAD=1\nOPENAI_API_KEY="a $HOME \'b"\n'
        "  MQTT_PASSWORD=$(false)`false`=x==\nQUOTED='a  b'\nHOME=/elsewhere\nLAST=1"
    )
    words, environment, said = called(caller, "doctor", "two words")
    assert words == ["doctor", "two words"] and not said
    assert environment["OPENAI_API_KEY"] == "a $HOME 'b"
    assert environment["MQTT_PASSWORD"] == "$(false)`false`=x=="
    assert environment["QUOTED"] == "a  b" and environment["LAST"] == "1"
    assert environment["HOME"] == "/var/lib/soundscape-monitor"
    assert not {"KEY", "OTHER", "BAD", "2"} & environment.keys()


def test_without_an_environment_file_the_caller_works_as_well(caller: Path) -> None:
    words, environment, said = called(caller, "doctor")
    assert words == ["doctor"] and environment["STATE_DIRECTORY"] == "/var/lib/soundscape-monitor" and not said


def test_an_audit_that_looked_nothing_up_claims_nothing() -> None:
    unknown = {"name": "numpy", "skip_reason": "not found"}
    clean = {"name": "scipy", "version": "1.16", "vulns": []}
    faulty = {"name": "httpx", "version": "0.1", "vulns": [{"id": "CVE-1", "fix_versions": ["0.2"]}]}
    assert judged([unknown]) == (0, ["skipped: the advisory service knows none of 1 packages (not found)"])
    assert judged([unknown, clean])[1] == [
        "1 of 2 packages were looked up",
        "not looked up: not found",
        "0 known faults",
    ]
    code, lines = judged([clean, faulty])
    assert code == 1 and "httpx 0.1: CVE-1, mended in 0.2" in lines
