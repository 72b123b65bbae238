"""Asks the advisory services about known faults in what is installed: python -m benchmarks.audit.

Exit code 0: none known, or skipped with a reason; 1: faults, listed.
"""

import importlib.util
import subprocess
import sys

UNREACHED = (
    "ConnectionError",
    "Max retries",
    "Failed to establish",
    "ConnectTimeout",
    "ServiceError",
    "NameResolution",
)


def main() -> int:
    """Run pip-audit where it is installed and can reach its service."""
    if importlib.util.find_spec("pip_audit") is None:
        print("skipped: pip-audit is not installed (pip install pip-audit)")
        return 0
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--skip-editable"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode and any(word in done.stderr for word in UNREACHED):
        print(f"skipped: the advisory service is not reached ({done.stderr.strip().splitlines()[-1]})")
        return 0
    print((done.stdout + done.stderr).strip())
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
