"""Memory given back to the operating system."""

import ctypes


def give_back() -> None:
    """Give back what was freed but is still held, where the C library is glibc; takes some milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
