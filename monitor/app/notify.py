"""sd_notify: tell systemd that the node is ready, alive, or stopping (a datagram to $NOTIFY_SOCKET)."""

import os
import socket
import time


class Notifier:
    """Speaks to systemd where there is one, and stays silent elsewhere."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        watchdog = os.environ.get("WATCHDOG_USEC", "")
        self._interval_s: float | None = int(watchdog) / 4e6 if watchdog.isdigit() else None
        self._next = 0.0

    def send(self, *states: str) -> None:
        """Send states such as READY=1 or STATUS=...; a missing or refusing socket is no fault of ours."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            try:
                sock.sendto("\n".join(states).encode(), self._address)
            except OSError:
                return

    def alive(self, status: str) -> None:
        """Pat the watchdog, at most four times per period."""
        now = time.monotonic()
        if self._interval_s is not None and now >= self._next:
            self._next = now + self._interval_s
            self.send("WATCHDOG=1", f"STATUS={status}")
