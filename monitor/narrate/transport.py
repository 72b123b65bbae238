"""HTTP with an end: no answer takes longer than its deadline or grows beyond a size, however it drips in."""

import time
from collections.abc import Iterator

import httpx

LONGEST_BODY = 256 * 1024
"""Bytes of an answer beyond which the connection is dropped."""


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > LONGEST_BODY:
                raise httpx.ReadError(f"the answer is larger than {LONGEST_BODY} bytes")
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the answer did not end before the deadline")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def bounded_client(deadline: float) -> httpx.Client:
    """Return a client whose answers end at a time of `time.monotonic`; it follows no redirects."""

    def bound(response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream, deadline)

    left = max(0.1, deadline - time.monotonic())
    timeout = httpx.Timeout(left, connect=min(left, 10.0))
    return httpx.Client(timeout=timeout, event_hooks={"response": [bound]})
