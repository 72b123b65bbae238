"""How a command that goes on for ever is told to end."""

import signal
import threading


def asked_to_stop() -> threading.Event:
    """Return an event that SIGINT (Ctrl-C) and SIGTERM (systemd) set from now on; for the main thread."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
