"""What audio libraries write to standard error: several lines for each attempt to open a device that is away."""

import os
import sys


def silence_native_chatter() -> None:
    """Send what C code writes to standard error to nowhere; Python's `sys.stderr` goes where it went.

    For processes that keep a microphone open, once, before logging is set up: four attempts a second would fill a
    journal and spoil a drawn screen, and the libraries have no switch for it.
    """
    original = sys.__stderr__
    if original is None or sys.stderr is not original or original.fileno() != 2:
        return  # done already, or redirected by somebody else
    original.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = open(kept, "w", buffering=1, encoding=original.encoding, errors="backslashreplace")  # noqa: SIM115, PTH123
