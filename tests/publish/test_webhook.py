"""The webhook delivers alerts, retries what may pass, and counts what it loses."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from brokers import wait_for

from monitor.publish.webhook import Webhook
from monitor.records import Alert

ALERT = Alert(
    rule="loud",
    state="raised",
    at=datetime(2026, 6, 1, tzinfo=UTC),
    value=71.0,
    threshold=70,
    unit="dB(A)",
    text="loud",
)


class Server:
    def __init__(self, answers: list[int]) -> None:
        self.answers, self.requests, self.event = answers, [], threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((body, self.headers.get("Authorization")))
                code = outer.answers.pop(0) if outer.answers else 204
                self.send_response(code)
                self.end_headers()
                if code < 400:
                    outer.event.set()

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server([])
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_an_alert_arrives_with_its_node_and_token(server: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    hook = Webhook(server.url, node="n", site="s", token_file=token)
    hook.put(ALERT)
    assert server.event.wait(10)
    hook.stop()
    body, auth = server.requests[0]
    assert body["rule"] == "loud" and body["node"] == "n" and auth == "Bearer secret" and hook.state == "ok"


def test_a_busy_server_is_tried_again(server: Server) -> None:
    server.answers = [503]
    hook = Webhook(server.url, node="n", site="s")
    hook.put(ALERT)
    assert server.event.wait(20)
    hook.stop()
    assert len(server.requests) == 2 and hook.state == "ok"


def test_of_too_many_the_oldest_gives_way_and_is_told(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answers = [503]
    hook = Webhook(server.url, node="n", site="s")
    hook.put(ALERT)
    wait_for(lambda: len(server.requests) == 1)  # it is being tried, and tried again a second later
    for _ in range(101):
        hook.put(ALERT)
    assert hook.state == "failing: too many alerts wait; alerts lost since the start: 1"
    assert [record.message for record in caplog.records].count("webhook.lost") == 1
    hook.stop()


def test_a_refusal_is_counted_and_not_repeated(server: Server) -> None:
    server.answers = [403, 404, 204]
    hook = Webhook(server.url, node="n", site="s")
    hook.put(ALERT)
    hook.put(ALERT)
    wait_for(lambda: hook.state.endswith("alerts lost since the start: 2"))
    assert hook.state.startswith("failing: ") and len(server.requests) == 2
    hook.put(ALERT)
    assert server.event.wait(10)
    hook.stop()
    assert hook.state == "ok" and len(server.requests) == 3
