"""Memory given back to the operating system: glibc's allocator told to, where the C library is glibc."""

import ctypes

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""Numbers of glibc's mallopt."""
LARGE = 512 * 1024
"""Bytes from which a piece is a mapping of its own; a window of log-mel frames has 768 kB."""


def keep_together() -> None:
    """Have all threads share one arena, and large pieces leave as soon as they are freed; call before threads start.

    A window is made by one thread and freed by another: between what the threads hold, freed memory would stay.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_ARENA_MAX, 1)
        tune(_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Give back what was freed but is still held; takes some milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
