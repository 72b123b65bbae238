"""Start-up, latency and a slow processor, with a virtual microphone and a real broker, at the pace of life."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.node.rig import SITE, Node, broker, microphone, write_scene
from monitor.publish.contract.messages import MinuteMessage, SnapshotMessage
from monitor.publish.fleet.follow import Follower
from monitor.settings import MqttSettings
from monitor.snapshot import Snapshot

Advance = Callable[[float], None]
PATIENCE_S = 120.0
ENOUGH = 200
STAGGER_S = 1.3
"""Between the starts of nodes that run side by side: each has its hops, blocks and frames at other times."""


class Firsts:
    """When a level and a prediction were first seen, s after the start."""

    def __init__(self) -> None:
        self.level_s: float | None = None
        self.prediction_s: float | None = None

    def note(self, seen: Snapshot, now_s: float) -> None:
        """Take note of a snapshot."""
        if self.level_s is None and seen.LAF is not None:
            self.level_s = round(now_s, 2)
        if self.prediction_s is None and seen.scene.label is not None:
            self.prediction_s = round(now_s, 2)


def start_up(starts: int, advance: Advance) -> dict[str, float]:
    """Start a node some times, and once without compiled kernels; return s to what a subscriber sees first."""
    with ExitStack() as stack:
        folder, url, environment = _rig(stack, 30 * (starts + 2) + PATIENCE_S)
        _first(folder / "warm", url, environment)
        seen = []
        for number in range(starts):
            seen.append(_first(folder / str(number), url, environment))
            advance(1)
        cold = _first(folder / "cold", url, environment | {"NUMBA_CACHE_DIR": str(folder / "kernels")})
    levels, predictions = zip(*seen, strict=True)
    return {
        "starts": starts,
        "first level, s (median)": median(levels),
        "first level, s (worst)": max(levels),
        "first prediction, s (median)": median(predictions),
        "first prediction, s (worst)": max(predictions),
        "first level, s, kernels not compiled yet": cold[0],
    }


def latency(nodes: int, minutes: int, advance: Advance) -> dict[str, float | None]:
    """Run nodes side by side on one microphone; return ms from a minute's end to its message at a subscriber.

    The first minute of each node is told apart: in it, all of them start on the same cores.
    """
    lags: list[float] = []
    first: dict[str, float] = {}
    coverage: list[float] = []
    with ExitStack() as stack:
        folder, url, environment = _rig(stack, 60.0 * (minutes + 2))
        follower = stack.enter_context(_follow(url, "+", ("data/minute",)))
        running: list[Node] = []
        for number in range(nodes):
            options = ("--source", "mic", "--log-json")
            node = Node(folder / str(number), url, *options, name=f"n{number}", environment=environment)
            stack.callback(node.stop)
            running.append(node)
            time.sleep(STAGGER_S)
        deadline = time.monotonic() + 60 * minutes
        began, cpu_s = time.monotonic() + 20, None
        while (now := time.monotonic()) < deadline:
            if cpu_s is None and now >= began:
                began, cpu_s = now, [node.cpu_s() for node in running]
            for received in follower.receive(0.2):
                if isinstance(received.message, MinuteMessage):
                    result = received.message.result
                    end = result.start + timedelta(seconds=result.duration_s)
                    lag = (datetime.now(UTC) - end).total_seconds()
                    advance(1 / nodes)
                    if received.node not in first:
                        first[received.node] = lag
                        continue
                    lags.append(lag)
                    coverage.append(result.quality.coverage)
        for node in running:
            node.check()
        used = [node.cpu_s() - before for node, before in zip(running, cpu_s or [], strict=True)]
        resident = [mb for node in running if (mb := node.resident_mb()) is not None]
        lasted = time.monotonic() - began
    return {
        "nodes side by side": nodes,
        "minutes": len(lags),
        **{f"end of a minute to its message, ms ({name})": ms for name, ms in spread_ms(lags).items()},
        "the same of the first minute of a node, ms (largest)": round(1000 * max(first.values())),
        "least coverage of a minute": min(coverage, default=None),
        "CPU of a node, ms per second": round(1000 * float(np.mean(used)) / lasted, 1),
        "resident with a microphone, MB (largest)": round(max(resident), 1),
    }


def spread_ms(lags_s: Sequence[float]) -> dict[str, float | None]:
    """Return p50, p90, p99 and the largest of lags, ms; p99 only where at least two lie above it, so from 200 on."""
    p50, p90, p99 = (round(1000 * float(np.percentile(lags_s, p, method="inverted_cdf"))) for p in (50, 90, 99))
    return {
        "p50": p50,
        "p90": p90,
        "p99": p99 if len(lags_s) >= ENOUGH else None,
        "largest": round(1000 * max(lags_s)),
    }


def slow(seconds: float, share_pct: int, advance: Advance) -> dict[str, float | None]:
    """Run a node on a share of a core; return what a subscriber saw."""
    last, lags = None, []
    with ExitStack() as stack:
        folder, url, environment = _rig(stack, seconds + PATIENCE_S)
        follower = stack.enter_context(_follow(url, "slow", ("live/snapshot", "data/minute")))
        node, started = _start(folder / "slow", url, environment, "slow")
        stack.callback(node.stop)
        limit = ("cpulimit", "-q", "-l", str(share_pct), "-p", str(node.process.pid))
        limiter = subprocess.Popen(limit, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(limiter.terminate)
        firsts = Firsts()
        while (now := time.monotonic() - started) < seconds:
            node.check()
            for received in follower.receive(0.2):
                if isinstance(received.message, SnapshotMessage):
                    last = received.message.result
                    firsts.note(last, time.monotonic() - started)
                elif isinstance(received.message, MinuteMessage):
                    result = received.message.result
                    end = result.start + timedelta(seconds=result.duration_s)
                    lags.append((datetime.now(UTC) - end).total_seconds())
            advance(time.monotonic() - started - now)
    return {
        "first level, s": firsts.level_s,
        "first prediction, s": firsts.prediction_s,
        "end of a minute to its message, ms (largest)": round(1000 * max(lags)) if lags else None,
        "hop at the end, s": None if last is None else last.health.hop_s,
        "gaps": None if last is None else last.health.gaps,
        "coverage, last minute": None if last is None else last.quality.coverage,
    }


def _rig(stack: ExitStack, seconds: float) -> tuple[Path, str, dict[str, str]]:
    """Set up sound, broker and microphone; return a folder, the broker's URL and the microphone's environment."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    sound = folder / "scene.wav"
    write_scene(sound, seconds)
    url = stack.enter_context(broker(folder))
    return folder, url, stack.enter_context(microphone(folder, sound))


def _follow(url: str, name: str, kinds: tuple[str, ...]) -> Follower:
    follower = Follower(MqttSettings(url=url), site=SITE, node=name, kinds=kinds)
    while follower.state != "connected":
        follower.receive(0.1)
    return follower


def _start(folder: Path, url: str, environment: Mapping[str, str], name: str) -> tuple[Node, float]:
    started = time.monotonic()
    return Node(folder, url, "--source", "mic", "--log-json", name=name, environment=environment), started


def _first(folder: Path, url: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Start a node and end it at its first prediction; return s to the first level and to that."""
    with _follow(url, folder.name, ("live/snapshot",)) as follower:
        node, started = _start(folder, url, environment, folder.name)
        firsts = Firsts()
        try:
            while firsts.level_s is None or firsts.prediction_s is None:
                node.check()
                for received in follower.receive(0.2):
                    if isinstance(received.message, SnapshotMessage):
                        firsts.note(received.message.result, time.monotonic() - started)
                if time.monotonic() - started > PATIENCE_S:
                    raise SystemExit(f"no prediction within {PATIENCE_S:g} s")
        finally:
            node.stop()
    return firsts.level_s, firsts.prediction_s
