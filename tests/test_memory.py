"""Freed memory goes back to the operating system, also from between what is still held."""

import ctypes
import os
from pathlib import Path

import numpy as np
import pytest

from monitor.memory import give_back


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_memory_between_what_is_held_is_given_back() -> None:
    pieces = [np.ones(12_000) for _ in range(500)]
    held = pieces[1::2]
    full = resident_mb()
    del pieces
    give_back()
    assert full - resident_mb() > 15
    assert len(held) == 250
