"""An alert goes the whole way: from sound to the broker, the webhook and the history."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from brokers import Mosquitto, wait_for
from command_line import CommandLine

from monitor.publish.fleet.follow import Follower
from monitor.settings import AggregateSettings, MqttSettings
from monitor.store.history import History


class Listener:
    """A webhook's other end."""

    def __init__(self) -> None:
        self.posts: list[tuple[str | None, dict[str, object]]] = []
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                posts.append((self.headers["Authorization"], body))
                self.send_response(204)
                self.end_headers()

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def test_a_level_and_an_event_reach_the_broker_the_webhook_and_the_history(
    monitor: CommandLine, clip: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    listener = Listener()
    (tmp_path / "token").write_text("let me in\n")
    rule = '[[alerts.rules]]\nname = "{}"\nquantity = "{}"\nabove = {}\n'
    monitor.configure(
        f'[mqtt]\nurl = "{mosquitto.url}"\n[alerts]\nwebhook = "{listener.url}"\n'
        f'webhook_token_file = "{tmp_path / "token"}"\n'
        + rule.format("any-sound", "LAeq", 10)
        + rule.format("bird", "event", -1) + 'event = "Bird"\n'
        + rule.format("never", "LAFmax", 150)
        + rule.format("by-night", "LAeq", 10) + "from_time = 23:00:00\nto_time = 07:00:00\n"
    )  # fmt: skip
    with Follower(MqttSettings(url=mosquitto.url), kinds=["data/alert"]) as follower:
        wait_for(lambda: follower.receive(0.1) == [] and follower.state == "connected")
        done = monitor(
            "run", "--source", clip, "--fast", "--json", "--start", "2026-06-01T12:00:00Z", "--state", tmp_path / "s"
        )
        assert done.code == 0, done.err
        told = [record for kind, record in done.records if kind == "Alert"]
        assert [(alert["rule"], alert["state"]) for alert in told] == [("any-sound", "raised"), ("bird", "raised")]
        heard: list[object] = []

        def listened() -> bool:
            heard.extend(json.loads(received.payload)["result"] for received in follower.receive(0.1))
            return len(heard) >= len(told)

        wait_for(listened)
    assert told[0]["text"].endswith("above 10 for 1 min (uncalibrated: relative)")
    assert told[1]["text"].startswith("Bird ") and "uncalibrated" not in told[1]["text"]
    assert heard == told
    assert listener.posts == [("Bearer let me in", {"site": "demo", "node": "node1"} | alert) for alert in told]
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    history = History(tmp_path / "s/history.db", AggregateSettings(), "UTC")
    kept = history.alerts(noon, noon + timedelta(minutes=3))
    assert [alert.model_dump(mode="json") for alert in kept] == told
