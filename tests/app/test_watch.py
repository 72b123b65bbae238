"""systemd's watchdog is patted while the pipeline brings news, and no longer."""

import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from synthetic import Place
from synthetic_snapshots import snapshots

from monitor.app import watch
from monitor.app.health import HealthMonitor, Vitals
from monitor.app.notify import Notifier
from monitor.app.watch import Watch


class Stalling:
    """A pipeline that brings a snapshot at each of 5 looks, and none at the next 5."""

    def __init__(self, looking: SimpleNamespace) -> None:
        self._looking, self._looks = looking, 0
        self._snapshots = snapshots(Place("park", 3), datetime(2026, 5, 9, 14, 50, tzinfo=UTC), 5)

    @property
    def running(self) -> bool:
        self._looks += 1
        if self._looks <= 5:
            self._looking.newest = next(self._snapshots)
        return self._looks <= 10

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def join(self, timeout_s: float) -> bool:
        return True


@pytest.mark.parametrize(("live", "pats"), [(True, 5), (False, 10)])
def test_the_watchdog_is_patted_for_news_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: bool, pats: int
) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.0)
    looking = SimpleNamespace(newest=None)
    node: Any = SimpleNamespace(
        source=SimpleNamespace(live=live),
        pipeline=Stalling(looking),
        health=HealthMonitor(Vitals(), tmp_path, live=live),
        looking=looking,
        publisher=None,
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "0")
        heard: list[str] = []
        notifier = Notifier()
        send = notifier.send

        def tell(*states: str) -> None:
            send(*states)
            heard.append(systemd.recv(4096).decode().splitlines()[0])

        monkeypatch.setattr(notifier, "send", tell)
        Watch(node, notifier, threading.Event(), draw=False, lines=False).stay()
    assert heard == ["READY=1", *["WATCHDOG=1"] * pats, "STOPPING=1"]
