"""`subscribe`: what nodes say, as it comes."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from monitor.app.broker import BrokerUrl, ConfigFile, settings_for
from monitor.app.failure import Exit, Failure
from monitor.app.stopping import asked_to_stop
from monitor.publish.contract.describe import line
from monitor.publish.fleet.follow import Follower, Received
from monitor.publish.fleet.ledger import Missing
from monitor.publish.link.address import MqttConfigError

STYLES = {"alert": "bold red", "caption": "cyan", "digest": "cyan", "gap": "yellow", "status": "bold", "event": "green"}


def subscribe(
    broker: BrokerUrl = None,
    site: Annotated[str, typer.Option(help="Site; + for all.")] = "+",
    node: Annotated[str, typer.Option(help="Node; + for all.")] = "+",
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Topic below the node, such as data/minute or data/#; may be repeated. Default: all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Payloads as they are, one a line.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many messages.")] = None,
    file: ConfigFile = None,
) -> None:
    """Follow a node, a site or everything on a broker; repeats are left out, losses are told."""
    settings = settings_for(file, broker)
    notes = Console(stderr=True)
    out = Console(soft_wrap=True, highlight=False)

    def lost(gap: Missing) -> None:
        notes.print(f"{gap.site}/{gap.node}: {gap.count} messages of session {gap.session} never came", style="yellow")

    try:
        follower = Follower(settings, site=site, node=node, kinds=kind or ["#"], on_loss=lost)
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, f"{error}.") from None
    stop = asked_to_stop()
    with follower:
        shown, state = 0, "connecting"
        while not stop.is_set() and (count is None or shown < count):
            for received in follower.receive(0.5):
                if as_json:
                    typer.echo(received.payload.decode(errors="replace"))
                else:
                    out.print(_readable(received))
                shown += 1
                if shown == count:
                    return
            state = _tell(notes, state, follower.state)


def _tell(notes: Console, before: str, now: str) -> str:
    """Report a change of the connection; a first connection that fails ends the command."""
    if now != before and now != "connected":
        if before == "connecting" or now.startswith("refused"):
            raise Failure(Exit.DEVICE, f"The broker cannot be followed: {now.partition(': ')[2]}.")
        notes.print(now, style="yellow")
    elif now != before:
        notes.print("connected", style="dim")
    return now


def _readable(received: Received) -> Text:
    message = received.message
    if message is None:
        return Text(f"{received.site}/{received.node} {received.kind}: {received.fault}", style="red")
    kind = received.kind.rpartition("/")[2]
    stamp = f"{message.resultTime.astimezone():%H:%M:%S}" if isinstance(message.resultTime, datetime) else ""
    text = Text(f"{stamp} ", "dim").append(f"{message.site}/{message.node} ", "blue").append(f"{kind:<8} ", "bold")
    text.append(line(message), STYLES.get(kind, ""))
    late = getattr(message, "late", False)
    marks = [name for name, on in (("retained", received.retained), ("late", late)) if on]
    return text.append(f"  ({', '.join(marks)})" if marks else "", "dim")
