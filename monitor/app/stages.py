"""What the stages hand to each other, and the thread each of them runs in."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from monitor.types import Gap, LevelFrame, LoudnessFrames, WindowPrediction

Observation = LevelFrame | LoudnessFrames | WindowPrediction | Gap
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Observations:
    """What `hear` and `infer` found, and how far each of them has come (48 kHz samples); None: no news of that."""

    items: tuple[Observation, ...]
    heard_to: int | None = None
    inferred_to: int | None = None


class Channel(Generic[Item]):
    """A bounded queue between two stages that ends when the pipeline stops."""

    def __init__(self, size: int, stopped: threading.Event) -> None:
        self._queue: queue.Queue[Item] = queue.Queue(size)
        self._stopped = stopped
        self._ended = threading.Event()

    def put(self, item: Item) -> None:
        """Wait for a place and hand over; after an abort the item is let go."""
        while not self._stopped.is_set():
            try:
                return self._queue.put(item, timeout=0.5)
            except queue.Full:
                continue

    def get(self, timeout_s: float = 0.5) -> Item | None:
        """Return the next item, or None when there is none within the timeout."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def end(self) -> None:
        """Nothing more will be put."""
        self._ended.set()

    @property
    def ended(self) -> bool:
        """True when nothing more will be put and nothing waits."""
        return self._ended.is_set() and self._queue.empty()

    def depth(self) -> int:
        """Return how many wait."""
        return self._queue.qsize()


class Stage(threading.Thread):
    """A thread that runs one stage; an exception is kept and reported once, and never swallowed."""

    def __init__(self, name: str, body: Callable[[], None], failed: Callable[[str, BaseException], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._body, self._failed = body, failed

    def run(self) -> None:
        """Run the stage."""
        try:
            self._body()
        except BaseException as error:
            self._failed(self.name, error)
