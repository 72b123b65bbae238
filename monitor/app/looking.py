"""The live view: once a second of sound, everything that a dashboard draws, in one snapshot."""

from monitor.aggregate.live import LiveView
from monitor.app.health import HealthMonitor
from monitor.clock import SampleClock
from monitor.publish.contract.messages import Durable
from monitor.publish.mqtt import Publisher
from monitor.records import Caption
from monitor.settings import NodeSettings
from monitor.snapshot import Snapshot


class Looking:
    """Makes snapshots; `newest` may be read from any thread."""

    def __init__(
        self,
        node: NodeSettings,
        clock: SampleClock,
        health: HealthMonitor,
        publisher: Publisher | None,
    ) -> None:
        self._node, self._clock = node, clock
        self._health, self._publisher = health, publisher
        self._caption: Caption | None = None
        self.newest: Snapshot | None = None

    def note(self, record: Durable) -> None:
        """Remember what was told last."""
        if isinstance(record, Caption):
            self._caption = record

    def look(self, view: LiveView, now: int) -> None:
        """Take a snapshot at a sample, and send it where live views are wanted."""
        caption = self._caption
        self.newest = Snapshot(
            at=self._clock.utc(now),
            site=self._node.site,
            node=self._node.name,
            health=self._health.read(),
            caption_headline=None if caption is None else caption.headline,
            caption_text=None if caption is None else caption.text,
            caption_at=None if caption is None else caption.end,
            caption_source=None if caption is None else caption.source,
            **view.values(now, self._clock.quality),
        )
        if self._publisher is not None:
            self._publisher.live(self.newest)
