"""The view of a node elsewhere: second by second where it sends live views, else by the minute, and it says which."""

import os
from datetime import timedelta

import paho.mqtt.publish as mqtt
from brokers import Mosquitto
from command_line import PROGRAM
from rich.console import Console
from terminal import Terminal

from monitor.dashboard.frame import render
from monitor.dashboard.recent import Recent
from monitor.dashboard.remote import RemoteView
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import (
    ROOT,
    CaptionMessage,
    MinuteMessage,
    SnapshotMessage,
    StatusMessage,
    encode,
)
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
    assert "by the minute" in view.pace and view.lasts_s == 60
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


def test_minutes_fill_their_time_whatever_the_grid() -> None:
    snapshot = RemoteView("demo", "node1").take(received("latest/minute"))
    assert snapshot is not None
    for step in (5, 10, 60):
        recent = Recent()
        for minute in (0, 1, 3, 3):
            later = snapshot.at + timedelta(minutes=minute)
            recent.add(snapshot.model_copy(update={"at": later, "LAeq_1s": 50.0 + minute}), 60)
        a_minute = 60 // step
        wanted = [50.0] * a_minute + [51.0] * a_minute + [None] * a_minute + [53.0] * a_minute
        assert [None if level is None else round(level, 6) for level in recent.levels(4 * a_minute, step)] == wanted


def test_the_screen_shows_what_is_retained_and_says_when_the_broker_is_gone(mosquitto: Mosquitto) -> None:
    minute = MESSAGES["minute"]
    assert isinstance(minute, MinuteMessage)
    for kind in ("latest/minute", "status"):
        payload = encode(MESSAGES[kind.rpartition("/")[2]])
        mqtt.single(f"{ROOT}/demo/node1/{kind}", payload, 1, True, "127.0.0.1", mosquitto.port)
    terminal = Terminal(str(PROGRAM), "dashboard", "--broker", mosquitto.url)
    terminal.read_until(f"LAeq,60s \x1b[0m{minute.result.levels.LAeq:.1f}".encode())
    terminal.read_until(b"by the minute")
    mosquitto.kill()
    terminal.read_until(b"reconnecting")
    os.write(terminal.master, b"q")
    assert terminal.left_as_it_was()
    assert terminal.process.wait(60) == 0
