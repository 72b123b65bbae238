"""The live view of a node that runs elsewhere: from its messages to snapshots."""

from monitor.publish.contract.messages import (
    CaptionMessage,
    HealthMessage,
    MinuteMessage,
    SnapshotMessage,
    StatusMessage,
)
from monitor.publish.fleet.follow import Received
from monitor.records import Caption, MinuteSummary
from monitor.snapshot import Health, Snapshot
from monitor.types import THIRD_OCTAVES_HZ

KINDS = ("live/snapshot", "latest/minute", "latest/caption", "health", "status")
"""What a view subscribes to, below the node."""


class RemoteView:
    """Follows one node: second by second where it sends live views, else minute by minute, which `pace` says."""

    def __init__(self, site: str, node: str) -> None:
        self._site, self._node = site, node
        self._live = False
        self._minute: MinuteSummary | None = None
        self._caption: Caption | None = None
        self._health = Health(state="degraded", reasons=["nothing was heard of the node yet"], capture="unknown")
        self.online: bool | None = None
        """What the node's status says; None before it is known."""

    @property
    def lasts_s(self) -> int:
        """How long a snapshot stands for: a second of a live view, else a minute."""
        return 1 if self._live else 60

    @property
    def pace(self) -> str:
        """How often the view can change, for the notice below it."""
        if self.online is False:
            return "the node is offline: this is what it said last"
        return "live, once a second" if self._live else "by the minute: the node sends no live view"

    def take(self, received: Received) -> Snapshot | None:
        """Take a message; return a snapshot when it changes what is shown."""
        match received.message:
            case SnapshotMessage(result=snapshot):
                self._live = True
                return snapshot
            case MinuteMessage(result=minute):
                self._minute = minute
            case CaptionMessage(result=caption):
                self._caption = caption
            case HealthMessage(result=health):
                self._health = health
            case StatusMessage(result=status):
                self.online = status.state == "online"
                self._live = self._live and self.online
            case _:
                return None
        return None if self._live or self._minute is None else self._by_the_minute(self._minute)

    def _by_the_minute(self, minute: MinuteSummary) -> Snapshot:
        levels, caption = minute.levels, self._caption
        return Snapshot(
            at=minute.start,
            site=self._site,
            node=self._node,
            LAF=None,
            LAS=None,
            LAeq_1s=levels.LAeq,
            LAeq_60s=levels.LAeq,
            LAFmax_60s=levels.LAFmax,
            L90_60s=levels.L90,
            bands=[levels.bands_Leq.get(f"{hz:g}") for hz in THIRD_OCTAVES_HZ],
            N=None,
            N5_60s=minute.loudness.N5,
            scene=minute.scene,
            events={label: activity.mean for label, activity in minute.events.items()},
            active={label: 60 * activity.active for label, activity in minute.events.items() if activity.active > 0.1},
            affect=minute.affect,
            prediction_partial=False,
            quality=minute.quality,
            health=self._health,
            caption_headline=None if caption is None else caption.headline,
            caption_text=None if caption is None else caption.text,
            caption_at=None if caption is None else caption.end,
            caption_source=None if caption is None else caption.source,
        )
