"""The main thread while the node runs: draws, tells its health, pats the watchdog, and ends in order.

Live, the watchdog is patted for news of the last second only, which come while there is no sound as well: a pipeline
that hangs is started afresh.
"""

import logging
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from monitor.app.node import Node
from monitor.app.notify import Notifier
from monitor.dashboard.lines import line
from monitor.memory import give_back
from monitor.snapshot import Health, Snapshot

if TYPE_CHECKING:
    from monitor.dashboard.live import Dashboard

log = logging.getLogger(__name__)

TICK_S = 0.2
LINE_S = 10.0
"""Between two plain lines where there is no dashboard."""
HEALTH_S = 60.0
"""Between two health messages while nothing changes."""
GIVE_BACK_S = 60.0
"""Between two times that freed memory is given back: it would pile up in pieces, some MB a day."""
LOOK_S = 5.0
"""Between two looks at the node's health."""
DRAIN_S = 15.0
"""Time that the stages have to tell what was heard, after the end was asked for."""


class Watch:
    """Stays with a node until its source ends, somebody asks for the end, or a stage fails."""

    def __init__(self, node: Node, notifier: Notifier, stopping: threading.Event, *, draw: bool, lines: bool) -> None:
        self._node, self._notifier, self._stopping = node, notifier, stopping
        self._draw, self._lines = draw, lines
        self._health: Health | None = None
        self._look_at = self._health_at = self._line_at = self._give_back_at = 0.0
        self._seen: Snapshot | None = None

    def stay(self) -> None:
        """Run the node to its end."""
        pipeline = self._node.pipeline
        with ExitStack() as stack:
            dashboard = stack.enter_context(_dashboard()) if self._draw else None
            pipeline.start()
            self._notifier.send("READY=1", "STATUS=listening")
            while pipeline.running and not self._stopping.is_set() and self.publisher_failure is None:
                self._tick(dashboard)
                if dashboard is not None and dashboard.quit_requested:
                    self._stopping.set()
                self._stopping.wait(TICK_S)
        self._notifier.send("STOPPING=1")
        pipeline.stop()
        if not pipeline.join(DRAIN_S):
            log.error("stop.deadline", extra={"seconds": DRAIN_S})
            pipeline.abort()

    @property
    def publisher_failure(self) -> Exception | None:
        """An exception of the publisher that nobody expected: the process should end, and be started afresh."""
        return None if self._node.publisher is None else self._node.publisher.failure

    def _tick(self, dashboard: "Dashboard | None") -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._tell_health(now)
        if now >= self._give_back_at:
            self._give_back_at = now + GIVE_BACK_S
            give_back()
        snapshot = self._node.looking.newest
        if snapshot is None:
            return
        fresh, self._seen = snapshot is not self._seen, snapshot
        if fresh or not self._node.source.live:  # a file may wait long for words
            self._notifier.alive(f"{snapshot.health.state}: {snapshot.health.capture}")
        if dashboard is not None and fresh:
            dashboard.update(snapshot)
        if self._lines and now >= self._line_at:
            self._line_at = now + LINE_S
            print(line(snapshot), flush=True)

    def _tell_health(self, now: float) -> None:
        """Publish the health when it changed, or when it is time; log what changed."""
        health = self._node.health.read()
        before = self._health
        changed = before is None or (health.state, _kinds(health)) != (before.state, _kinds(before))
        if changed:
            level = {"ok": logging.INFO, "degraded": logging.WARNING, "failing": logging.ERROR}[health.state]
            log.log(level, "health", extra={"state": health.state, "reasons": "; ".join(health.reasons)})
        if changed or now >= self._health_at:
            self._health_at = now + HEALTH_S
            if self._node.publisher is not None:
                self._node.publisher.health(health)
        self._health = health


def _dashboard() -> "Dashboard":
    from monitor.dashboard.live import Dashboard  # late: a node without a terminal draws nothing

    return Dashboard()


def _kinds(health: Health) -> list[str]:
    """The reasons without their figures, which change all the time."""
    return ["".join(c for c in reason if not c.isdigit()) for reason in health.reasons]
