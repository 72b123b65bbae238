"""The view of a node elsewhere: second by second where it sends live views, else by the minute, and it says which."""

from rich.console import Console

from monitor.dashboard.frame import render
from monitor.dashboard.recent import Recent
from monitor.dashboard.remote import RemoteView
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import CaptionMessage, MinuteMessage, SnapshotMessage, StatusMessage, encode
from monitor.publish.fleet.follow import Received

MESSAGES = examples()


def received(kind: str) -> Received:
    message = MESSAGES[kind.rpartition("/")[2]]
    return Received("demo", "node1", kind, encode(message), False, message)


def test_minutes_make_a_picture_of_their_own_figures() -> None:
    view = RemoteView("demo", "node1")
    assert view.take(received("latest/caption")) is None, "nothing to draw before the first minute"
    snapshot = view.take(received("latest/minute"))
    minute, caption = MESSAGES["minute"], MESSAGES["caption"]
    assert isinstance(minute, MinuteMessage) and isinstance(caption, CaptionMessage) and snapshot is not None
    assert snapshot.LAeq_60s == minute.result.levels.LAeq and snapshot.N5_60s == minute.result.loudness.N5
    assert snapshot.LAF is None, "a minute does not know the level now"
    assert snapshot.caption_text == caption.result.text and snapshot.quality == minute.result.quality
    assert "by the minute" in view.pace
    console = Console(width=80, height=24, record=True, file=None, force_terminal=False)
    recent = Recent()
    recent.add(snapshot)
    with console.capture() as drawn:
        console.print(render(snapshot, recent, 80, 24))
    assert f"{minute.result.levels.LAeq:.1f}" in drawn.get()


def test_a_live_view_takes_over_and_gives_way_when_the_node_leaves() -> None:
    view = RemoteView("demo", "node1")
    live = MESSAGES["snapshot"]
    assert isinstance(live, SnapshotMessage)
    assert view.take(received("live/snapshot")) == live.result
    assert view.take(received("latest/minute")) is None, "the live view is newer"
    assert "live" in view.pace
    status = MESSAGES["status"]
    assert isinstance(status, StatusMessage)
    gone = status.model_copy(update={"result": status.result.model_copy(update={"state": "offline"})})
    assert view.take(Received("demo", "node1", "status", encode(gone), False, gone)) is not None
    assert view.online is False and "offline" in view.pace
