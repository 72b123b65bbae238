"""Fixtures shared by all tests."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50, print_blob=True)
settings.load_profile("ci")

signal.signal(
    signal.SIGINT, signal.default_int_handler
)  # a shell in the background hides it from the programs under test

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with reference data; tests that need it are skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("SOUNDSCAPE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found at {folder} (set SOUNDSCAPE_SHARED)")
    return folder
