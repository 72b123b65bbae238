"""Freed memory goes back to the operating system, also from between what is still held."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from monitor.memory import give_back


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")


@glibc
def test_memory_between_what_is_held_is_given_back() -> None:
    pieces = [np.ones(12_000) for _ in range(500)]
    held = pieces[1::2]
    full = resident_mb()
    del pieces
    give_back()
    assert full - resident_mb() > 15
    assert len(held) == 250


HOPS = """
import os, queue, re, sys, threading
from pathlib import Path
import numpy as np
from monitor.memory import keep_together
if sys.argv[1] == "together":
    keep_together()
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
starts = lambda: [int(s, 16) for s in re.findall(r"^([0-9a-f]+)-\\S+ rw", Path("/proc/self/maps").read_text(), re.M)]
arenas = lambda: sum(start % (64 << 20) == 0 for start in starts())
windows, seen, before = queue.Queue(1), {}, arenas()

def infer():
    while (window := windows.get()) is not None:
        np.concatenate((window[0], window[0])).sum()

def hear():
    kept = []
    for hop in range(2001):
        windows.put((np.ones((3001, 64), np.float32), np.ones(15000, np.float32)))
        kept = [*kept[-29:], np.ones(2000 + hop % 7)]
        seen[hop] = resident() if hop in (500, 2000) else 0
    windows.put(None)

threads = [threading.Thread(target=body) for body in (hear, infer)]
for one in threads: one.start()
for one in threads: one.join()
more = arenas() - before
pieces = [np.ones(96_000) for _ in range(40)]
held, full = pieces[1::2], resident()
del pieces
print(more, seen[2000] - seen[500], full - resident())
"""


def hops(how: str) -> tuple[float, float, float]:
    """Arenas that two threads made, MB by which they grew, and MB of 15 that left at once when freed."""
    command = [sys.executable, "-c", HOPS, how]
    more, growth, left = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    return more, growth, left


@glibc
def test_threads_that_hand_windows_on_share_one_arena_and_do_not_grow() -> None:
    more, growth, left = hops("together")
    assert more == 0
    assert growth < 4
    assert left > 14


@glibc
def test_without_it_threads_make_arenas_of_their_own() -> None:
    more, _, left = hops("as it is")
    assert more > 0
    assert left < 14
