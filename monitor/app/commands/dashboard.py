"""`dashboard`: the live view of a node that runs elsewhere, over MQTT."""

import threading
import time
from typing import Annotated

import typer
from rich.console import Console

from monitor.app import config
from monitor.app.broker import BrokerUrl, ConfigFile, settings_for
from monitor.app.failure import Exit, Failure
from monitor.app.stopping import asked_to_stop
from monitor.dashboard.lines import line
from monitor.dashboard.live import Dashboard, can_draw
from monitor.dashboard.remote import KINDS, RemoteView
from monitor.publish.fleet.follow import Follower
from monitor.publish.link.address import MqttConfigError
from monitor.snapshot import Snapshot

SILENT_S = 15.0
"""After so long without a word a node is said to be unknown to the broker."""


def dashboard(
    broker: BrokerUrl = None,
    site: Annotated[str | None, typer.Option(help="Site of the node. Default: node.site.")] = None,
    node: Annotated[str | None, typer.Option(help="Name of the node. Default: node.name.")] = None,
    file: ConfigFile = None,
) -> None:
    """Show the live view of a node that runs elsewhere, for example as a service.

    Once a second where the node sends live views (mqtt.live), else minute by minute. Leave with q or Ctrl-C. Without
    a terminal, plain lines are printed.
    """
    settings, own = settings_for(file, broker), config.load(config.find(file)).node
    site, node = site or own.site, node or own.name
    stopping = asked_to_stop()
    try:
        follower = Follower(settings, site=site, node=node, kinds=KINDS)
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, f"{error}.") from None
    view = RemoteView(site, node)
    with follower:
        known = _wait(follower, view, site, node, stopping)
        if can_draw():
            with Dashboard() as drawn:
                _follow(follower, view, known, drawn, stopping)
        else:
            _follow(follower, view, known, None, stopping)


def _wait(follower: Follower, view: RemoteView, site: str, node: str, stopping: threading.Event) -> list[Snapshot]:
    """Wait for the broker and the node's first word; return what the retained ones show."""
    deadline = time.monotonic() + SILENT_S
    known: list[Snapshot] = []
    while view.online is None and not stopping.is_set():
        known += _taken(follower, view)
        if follower.state.startswith(("refused", "reconnecting")):
            raise Failure(Exit.DEVICE, f"The broker cannot be followed: {follower.state.partition(': ')[2]}.")
        if time.monotonic() > deadline:
            raise Failure(Exit.DEVICE, f"The broker knows no node {site}/{node}; see `soundscape-monitor subscribe`.")
    return known


def _taken(follower: Follower, view: RemoteView) -> list[Snapshot]:
    return [snapshot for received in follower.receive(0.25) if (snapshot := view.take(received)) is not None]


def _follow(
    follower: Follower, view: RemoteView, snapshots: list[Snapshot], drawn: Dashboard | None, stopping: threading.Event
) -> None:
    console = Console(soft_wrap=True, highlight=False)
    notice = ""
    while not (stopping.is_set() or (drawn is not None and drawn.quit_requested)):
        state = view.pace if follower.state == "connected" else follower.state
        if drawn is not None and state != notice:
            drawn.message(state)
        elif state != notice:
            console.print(state, style="dim")
        notice = state
        for snapshot in snapshots[-1:]:
            if drawn is not None:
                drawn.update(snapshot, view.lasts_s)
            else:
                console.print(line(snapshot), markup=False)
        snapshots = _taken(follower, view)
