"""What the documents promise is there: every command and option they name, every file they link to."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from command_line import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md")])
COMMAND = re.compile(r"soundscape-monitor ([a-z][a-z-]+(?: [^`\n#|<>$\\]*)?)")


def promised() -> list[tuple[str, str]]:
    """Page and command line of each command that a document names."""
    found = {(page.name, match.strip()) for page in PAGES for match in COMMAND.findall(page.read_text())}
    return sorted(found)


def help_of(words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TERM": "dumb", "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run([PROGRAM, *words, "--help"], env=environment, capture_output=True, text=True, timeout=60)


CACHE: dict[tuple[str, ...], subprocess.CompletedProcess[str]] = {}


def command_of(words: list[str]) -> tuple[str, ...]:
    """The command a line begins with: one word, or two for groups."""
    groups = {"config", "bridge", "fleet"}
    return tuple(words[:2]) if words[0] in groups and len(words) > 1 and not words[1].startswith("-") else (words[0],)


@pytest.mark.parametrize(("page", "line"), promised())
def test_every_command_and_option_in_the_documents_exists(page: str, line: str) -> None:
    words = shlex.split(line.rstrip(".,;:)").replace("'", ""))
    command = command_of(words)
    shown = CACHE.setdefault(command, CACHE.get(command) or help_of(command))
    assert shown.returncode == 0, f"{page}: {line}: {shown.stderr}"
    for word in words[len(command) :]:
        if word.startswith("--"):
            option = word.split("=")[0]
            assert re.search(rf"{option}\b", shown.stdout), f"{page}: {line}: there is no {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_the_configuration_example_is_the_one_the_program_writes() -> None:
    from monitor.app import config

    assert (ROOT / "deploy" / "monitor.toml.example").read_text() == config.example()
