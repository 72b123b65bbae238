"""Asks the advisory service about known faults in what is installed: `make audit`.

`python -m benchmarks.audit PIP-AUDIT` runs that program, which has an environment of its own, over the packages of
this one. Exit code 0: none known, or skipped with a reason; 1: faults, listed.
"""

import json
import subprocess
import sys
import sysconfig
from typing import Any


def judged(dependencies: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return exit code and lines: an answer about nothing is no clean bill."""
    asked = [d for d in dependencies if d["name"] != "soundscape-monitor"]
    unknown = [d for d in asked if "skip_reason" in d]
    if len(unknown) == len(asked):
        reason = unknown[0]["skip_reason"] if unknown else "nothing is installed"
        return 0, [f"skipped: the advisory service knows none of {len(asked)} packages ({reason})"]
    lines = [f"{len(asked) - len(unknown)} of {len(asked)} packages were looked up"]
    lines += [f"not looked up: {d['skip_reason']}" for d in unknown]
    faults = [(d, fault) for d in asked for fault in d.get("vulns", [])]
    for package, fault in faults:
        mended = ", ".join(fault["fix_versions"]) or "no version yet"
        lines.append(f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}")
    return int(bool(faults)), [*lines, f"{len(faults)} known faults"]


def main() -> int:
    """Run pip-audit where it can be run and can reach its service."""
    if len(sys.argv) != 2:
        print("usage: python -m benchmarks.audit PIP-AUDIT (or: make audit)", file=sys.stderr)
        return 2
    command = [sys.argv[1], "--progress-spinner", "off", "--format", "json"]
    command += ["--path", sysconfig.get_path("purelib")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        dependencies = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"skipped: {error}")
        return 0
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"skipped: the advisory service is not reached ({reason[:200]})")
        return 0
    code, lines = judged(dependencies)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
