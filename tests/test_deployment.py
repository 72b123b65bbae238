"""What is installed on a node: the unit's hardening, the scripts, and what an audit may claim."""

import re
import shutil
import subprocess
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
