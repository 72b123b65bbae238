"""Checks that every dependency of the node has a wheel for aarch64 (Raspberry Pi) on Python 3.11 to 3.13.

Resolves the node's dependencies, with the report extra, for each version, without installing anything:
python deploy/check_wheels.py. Exit code 0 when all are there, 1 when one is not, 69 without a package index.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64", "any")


def resolve(requirements: list[str], python: str) -> list[str]:
    """Return the wheels that would be installed; raises CalledProcessError with pip's reason."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--report=-", f"--target={folder}"]
        options += [f"--python-version={python}", *(f"--platform={platform}" for platform in PLATFORMS)]
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options]
        command += requirements
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return sorted(item["download_info"]["url"].rsplit("/", 1)[-1] for item in report["install"])


def main() -> int:
    """Print one line a Python version."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["report"]
    worst = 0
    for python in PYTHONS:
        try:
            wheels = resolve(requirements, python)
        except subprocess.CalledProcessError as error:
            lines = error.stderr.strip().splitlines() or ["pip gave no reason"]
            unreachable = "Connection" in error.stderr
            print(f"Python {python}: {'skipped, the package index is not reached' if unreachable else lines[-1]}")
            worst = max(worst, 69 if unreachable else 1)
            continue
        native = [w for w in wheels if "aarch64" in w]
        names = ", ".join(wheel.split("-")[0] for wheel in native)
        print(f"Python {python}: {len(wheels)} wheels, {len(native)} of them for aarch64: {names}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
