"""Regenerates the documents that come from the code: python -m benchmarks.references."""

import subprocess
import sys

from benchmarks import ROOT
from monitor.app import config

COMMANDS = (["-m", "monitor.publish.contract.reference", "--out", "docs"], ["-m", "benchmarks.conformance", "--write"])


def main() -> None:
    """Write the configuration example, the message reference and the page of conformance."""
    (ROOT / "deploy" / "monitor.toml.example").write_text(config.example())
    for command in COMMANDS:
        print(f"python {' '.join(command)}", flush=True)
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
