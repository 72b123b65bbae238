"""The command line as users call it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "soundscape-monitor"


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[tuple[str, dict[str, Any]]]:
        """Type and record of each JSON line."""
        return [(d["type"], d["record"]) for d in map(json.loads, self.out.splitlines())]

    @property
    def sentence(self) -> str:
        """What the user was told; there is never a traceback."""
        assert "Traceback" not in self.err, self.err
        said = [line for line in self.err.splitlines() if line.startswith("soundscape-monitor: ")]
        return said[-1] if said else ""


@dataclass(frozen=True)
class CommandLine:
    """Runs commands with a state folder and a configuration of their own."""

    folder: Path
    config: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment that commands run in."""
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "MQTT", "PULSE", "SOUNDSCAPE"))}
        return kept | {"STATE_DIRECTORY": str(state), "TERM": "dumb", "NO_COLOR": "1"}

    def configure(self, text: str) -> None:
        """Add to the configuration file."""
        self.config.write_text(f"{self.config.read_text()}\n{text}\n")

    def __call__(self, *arguments: str | Path, timeout_s: float = 120, config: bool = True) -> Outcome:
        """Run a command to its end."""
        extra = ["--config", str(self.config)] if config else []
        command = [str(PROGRAM), str(arguments[0]), *extra, *map(str, arguments[1:])]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=timeout_s)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path, **more: Any) -> "subprocess.Popen[str]":
        """Start a command and let it run."""
        command = [str(PROGRAM), str(arguments[0]), "--config", str(self.config), *map(str, arguments[1:])]
        environment = self.environment | more.pop("environment", {})
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        return subprocess.Popen(command, env=environment, text=True, **pipes)
