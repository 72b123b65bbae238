"""Alerts by HTTP: one POST of JSON an alert, retried for a while, never in the way of the sound."""

import logging
import queue
import threading
from contextlib import suppress
from pathlib import Path

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_any,
    stop_when_event_set,
    wait_exponential_jitter,
)

from monitor.records import Alert

log = logging.getLogger(__name__)


class Webhook:
    """Posts alerts from its own thread; at most 100 wait, the oldest gives way; `state` and the log tell what was lost.

    A bearer token is read from a file at each post, so that it can be renewed. TLS is always verified.
    """

    def __init__(
        self, url: str, *, node: str, site: str, token_file: Path | None = None, give_up_s: float = 300
    ) -> None:
        self._url, self._token_file, self._identity = url, token_file, {"site": site, "node": node}
        self._queue: queue.Queue[Alert | None] = queue.Queue(maxsize=100)
        self._lost = 0
        self.state = "idle"
        self._stopping = threading.Event()
        self._retrying = Retrying(
            retry=retry_if_exception_type((httpx.TransportError, _Refused)),
            wait=wait_exponential_jitter(initial=1, max=60),
            stop=stop_any(stop_after_delay(give_up_s), stop_when_event_set(self._stopping)),
            sleep=sleep_using_event(self._stopping),
            reraise=True,
        )
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    def put(self, alert: Alert) -> None:
        """Hand over an alert; never blocks."""
        while True:
            try:
                self._queue.put_nowait(alert)
                return
            except queue.Full:
                with suppress(queue.Empty):
                    if (oldest := self._queue.get_nowait()) is not None:
                        self._lose(oldest, "too many alerts wait")

    def stop(self, deadline_s: float = 5) -> None:
        """Post what waits, then end; what cannot be posted once is given up."""
        self._stopping.set()
        with suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(deadline_s)
        if self._thread.is_alive():
            log.warning("webhook.given_up", extra={"waiting": self._queue.qsize()})

    def _run(self) -> None:
        while (alert := self._queue.get()) is not None:
            try:
                self._retrying(self._post, alert)
                self.state = "ok"
            except (httpx.HTTPError, _Refused, OSError) as error:
                self._lose(alert, str(error))

    def _lose(self, alert: Alert, why: str) -> None:
        self._lost += 1
        self.state = f"failing: {why}; alerts lost since the start: {self._lost}"
        log.warning("webhook.lost", extra={"rule": alert.rule, "error": why})

    def _post(self, alert: Alert) -> None:
        headers = {"Content-Type": "application/json"}
        if self._token_file is not None:
            headers["Authorization"] = f"Bearer {self._token_file.read_text().strip()}"
        body = self._identity | alert.model_dump(mode="json")
        response = httpx.post(self._url, json=body, headers=headers, timeout=10, follow_redirects=False)
        if response.status_code in (408, 425, 429) or response.status_code >= 500:
            raise _Refused(f"the server answered {response.status_code}")
        response.raise_for_status()


class _Refused(Exception):
    """The server cannot take it now."""
