"""Prometheus text on loopback, when the operator asks for it (report.metrics_port)."""

from collections.abc import Callable, Iterator
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.app.failure import Exit, Failure
from monitor.snapshot import Snapshot

STATES = ("ok", "degraded", "failing")


class SnapshotCollector(Collector):
    """Reads the newest snapshot at each scrape; exports nothing before the first."""

    def __init__(self, newest: Callable[[], Snapshot | None]) -> None:
        self._newest = newest

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the newest snapshot."""
        snapshot = self._newest()
        if snapshot is None:
            return
        health = snapshot.health
        yield self._states(health.state)
        gauges = {
            "laf_db": ("Level LAF now, dB re 20 uPa (relative when uncalibrated)", snapshot.LAF),
            "laeq_60s_db": ("LAeq of the last minute, dB re 20 uPa", snapshot.LAeq_60s),
            "l90_60s_db": ("L90 of the last minute, dB re 20 uPa", snapshot.L90_60s),
            "loudness_sone": ("Loudness N now, sone (ISO 532-1)", snapshot.N),
            "isop": ("ISO pleasantness, -1 to 1", snapshot.affect.isop),
            "isoe": ("ISO eventfulness, -1 to 1", snapshot.affect.isoe),
            "coverage_ratio": ("Share of the last minute that was heard", snapshot.quality.coverage),
            "calibrated": ("1 when levels are calibrated", float(snapshot.quality.calibrated)),
            "uptime_seconds": ("Time since the start", health.uptime_s),
            "outbox_messages": ("Messages that wait for the broker", float(health.outbox)),
            "hop_seconds": ("Time between predictions", health.hop_s),
            "inference_lag_seconds": ("Age of the newest prediction when it came", health.inference_lag_s),
            "resident_megabytes": ("Memory of the process", health.rss_mb),
            "disk_free_megabytes": ("Space left where the state is kept", health.disk_free_mb),
        }
        for name, (text, value) in gauges.items():
            if value is not None:
                yield GaugeMetricFamily(f"soundscape_{name}", text, value=value)
        counters = {
            "gaps": ("Gaps in the sound", float(health.gaps)),
            "gap_seconds": ("Sound that was not heard", health.gap_s),
            "dropped_predictions": ("Predictions left out to keep up", float(health.drops)),
            "rejected_captions": (
                "Answers of the language model refused by the check",
                float(health.captions_rejected),
            ),
        }
        for name, (text, value) in counters.items():
            yield CounterMetricFamily(f"soundscape_{name}", text, value=value)
        queues = GaugeMetricFamily("soundscape_queue_depth", "Items that wait in a queue", labels=["queue"])
        for queue, depth in health.queues.items():
            queues.add_metric([queue], depth)
        yield queues
        events = GaugeMetricFamily("soundscape_event_probability", "Probability over the newest 4 s", labels=["event"])
        for event, probability in snapshot.events.items():
            events.add_metric([event], probability)
        yield events

    @staticmethod
    def _states(state: str) -> Metric:
        family = GaugeMetricFamily("soundscape_health", "1 for the state the node is in", labels=["state"])
        for name in STATES:
            family.add_metric([name], float(name == state))
        return family


def serve(port: int, newest: Callable[[], Snapshot | None]) -> tuple[WSGIServer, Thread]:
    """Serve metrics on 127.0.0.1; Failure (69) when the port is taken."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(newest))
    try:
        return start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        raise Failure(
            Exit.DEVICE, f"Port {port} for metrics cannot be used: {error.strerror}; set report.metrics_port."
        ) from None
