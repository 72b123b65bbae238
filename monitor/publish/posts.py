"""What is only true now (health, live view, meta): the newest of each kind waits for the publish thread."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    """A message outside the outbox."""

    kind: str
    payload: bytes


class Posts:
    """One place for each kind: a newer message replaces the one that waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Post] = {}
        self.bell, self._rope = socket.socketpair()
        """`bell` becomes readable when there is something to do."""
        self.bell.setblocking(False)
        self._rope.setblocking(False)

    def put(self, post: Post) -> None:
        """Leave a message and ring."""
        with self._lock:
            self._waiting[post.kind] = post
        self.wake()

    def take(self) -> list[Post]:
        """Return what waits."""
        with self._lock:
            posts, self._waiting = list(self._waiting.values()), {}
        return posts

    def wake(self) -> None:
        """Ring."""
        with suppress(BlockingIOError):  # a full pipe rings already
            self._rope.send(b"!")

    def silence(self) -> bool:
        """Stop the bell; return whether it rang."""
        with suppress(BlockingIOError):
            return bool(self.bell.recv(4096))
        return False
