"""The health model: what the node thinks of itself, and why."""

import os
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from monitor.records import ClockQuality
from monitor.snapshot import Health

LOW_DISK_MB = 200
DEAF_AFTER_S = 30
"""Without sound for so long, a node is failing rather than degraded."""


@dataclass(slots=True)
class Vitals:
    """What the stages report of themselves; each field has one writer."""

    capture: str = "starting"
    capture_degraded: bool = False
    calibrated: bool = False
    calibration: str = "uncalibrated"
    clock: ClockQuality = "unsynchronised"
    gaps: int = 0
    gap_s: float = 0.0
    drops: int = 0
    hop_s: float = 2.0
    default_hop_s: float = 2.0
    inference_lag_s: float | None = None
    model_fault: str | None = None
    history_fault: str | None = None
    history_bytes: int = 0
    last_heard: float = field(default_factory=time.monotonic)
    last_drop: float = float("-inf")
    last_gap: float = float("-inf")
    captions_rejected: int = 0
    queues: dict[str, Callable[[], int]] = field(default_factory=dict)
    broker: Callable[[], str] = lambda: "off"
    broker_ok: Callable[[], bool] = lambda: True
    outbox: Callable[[], int] = lambda: 0
    bytes_sent: Callable[[], int] = lambda: 0
    llm: Callable[[], str] = lambda: "off"
    llm_spend: Callable[[], str] = lambda: ""
    webhook: Callable[[], str] = lambda: "off"
    concerns: Callable[[], list[str]] = list


class HealthMonitor:
    """Turns vitals into a Health record; `live` is False for files, where nothing can be late."""

    def __init__(self, vitals: Vitals, state: Path, *, live: bool) -> None:
        self.vitals = vitals
        self._state, self._live = state, live
        self._started = time.monotonic()
        self._cpu = (self._started, time.process_time())
        self._cpu_pct: float | None = None

    def read(self) -> Health:
        """Return the health now."""
        v = self.vitals
        now = time.monotonic()
        disk = _disk_free_mb(self._state)
        failing = list(self._failing(now, disk))
        degraded = list(self._degraded(now, disk))
        state: Literal["ok", "degraded", "failing"] = "failing" if failing else "degraded" if degraded else "ok"
        return Health(
            state=state,
            reasons=failing + degraded,
            capture=v.capture,
            calibration=v.calibration,
            clock=v.clock,
            uptime_s=round(now - self._started, 1),
            gaps=v.gaps,
            gap_s=round(v.gap_s, 3),
            drops=v.drops,
            hop_s=v.hop_s,
            inference_lag_s=v.inference_lag_s,
            queues={name: depth() for name, depth in v.queues.items()},
            outbox=v.outbox(),
            broker=v.broker(),
            llm=v.llm() + v.llm_spend(),
            captions_rejected=v.captions_rejected,
            disk_free_mb=disk,
            rss_mb=_resident_mb(),
            cpu_pct=self._cpu_share(now),
            bytes_written_day=v.history_bytes,
            bytes_sent_day=v.bytes_sent(),
        )

    def _failing(self, now: float, disk: float | None) -> list[str]:
        v = self.vitals
        reasons: list[str] = []
        if self._live and now - v.last_heard > DEAF_AFTER_S:
            reasons.append(f"no sound for {now - v.last_heard:.0f} s: {v.capture}")
        if v.history_fault:
            reasons.append(v.history_fault)
        if disk is not None and disk < LOW_DISK_MB / 10:
            reasons.append(f"the disk is full ({disk:.0f} MB free)")
        return reasons

    def _degraded(self, now: float, disk: float | None) -> list[str]:
        v = self.vitals
        reasons: list[str] = []
        if self._live and v.capture_degraded and now - v.last_heard <= DEAF_AFTER_S:
            reasons.append(v.capture)
        if now - v.last_gap < 300:
            reasons.append(f"audio was lost in the last 5 min ({v.gaps} gaps, {v.gap_s:.1f} s in all)")
        if v.model_fault:
            reasons.append(v.model_fault)
        if v.hop_s > v.default_hop_s:
            reasons.append(f"slow processor: predictions every {v.hop_s:g} s instead of {v.default_hop_s:g} s")
        elif now - v.last_drop < 300:
            reasons.append("predictions were left out to keep up")
        if not v.broker_ok():
            reasons.append(f"broker: {v.broker()}")
        reasons += v.concerns()
        if (llm := v.llm()) not in ("off", "ok"):
            reasons.append(f"language model: {llm}")
        if (webhook := v.webhook()).startswith("failing"):
            reasons.append(f"webhook: {webhook}")
        if not v.calibrated:
            reasons.append("uncalibrated: levels are relative")
        if v.clock == "unsynchronised":
            reasons.append("the clock is not synchronised: times may be wrong")
        if disk is not None and LOW_DISK_MB / 10 <= disk < LOW_DISK_MB:
            reasons.append(f"little disk space left ({disk:.0f} MB)")
        return reasons

    def _cpu_share(self, now: float) -> float | None:
        then, used = self._cpu
        if now - then >= 5:
            busy = time.process_time()
            self._cpu_pct = round(100 * (busy - used) / (now - then), 1)
            self._cpu = (now, busy)
        return self._cpu_pct


def _disk_free_mb(folder: Path) -> float | None:
    try:
        return round(shutil.disk_usage(folder).free / 1e6, 1)
    except OSError:
        return None


def _resident_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
    except (OSError, IndexError, ValueError):
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, 1)
