"""What keeps a language model from costing too much or holding anything up: a daily budget and a circuit breaker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

FAILURES_TO_OPEN = 3
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 1800.0


def utc_now() -> datetime:
    """Return the time now in UTC."""
    return datetime.now(UTC)


@dataclass
class Budget:
    """Tokens of one UTC day. `limit` 0 means no limit; prices are per million tokens."""

    limit: int
    price_in: float | None = None
    price_out: float | None = None
    now: Callable[[], datetime] = utc_now
    tokens_in: int = field(default=0, init=False)
    tokens_out: int = field(default=0, init=False)
    _day: date | None = field(default=None, init=False)

    def _today(self) -> None:
        day = self.now().astimezone(UTC).date()
        if day != self._day:
            self._day, self.tokens_in, self.tokens_out = day, 0, 0

    def allows(self, tokens: int) -> bool:
        """Return whether a question of so many tokens, answer included, still fits into today."""
        self._today()
        return self.limit == 0 or self.tokens_in + self.tokens_out + tokens <= self.limit

    def spend(self, tokens_in: int, tokens_out: int) -> None:
        """Count the tokens of an answer."""
        self._today()
        self.tokens_in += max(0, tokens_in)
        self.tokens_out += max(0, tokens_out)

    @property
    def price(self) -> float | None:
        """What today has cost, or None where no price is configured."""
        if self.price_in is None and self.price_out is None:
            return None
        return (self.tokens_in * (self.price_in or 0) + self.tokens_out * (self.price_out or 0)) / 1e6


@dataclass
class Circuit:
    """Opens after several failures in a row, then lets one question through after a pause that doubles."""

    clock: Callable[[], float]
    failures: int = field(default=0, init=False)
    _pause_s: float = field(default=FIRST_PAUSE_S, init=False)
    _open_until: float | None = field(default=None, init=False)

    @property
    def open(self) -> bool:
        """Whether questions are held back now."""
        return self._open_until is not None and self.clock() < self._open_until

    def succeeded(self) -> None:
        """Close the circuit."""
        self.failures, self._pause_s, self._open_until = 0, FIRST_PAUSE_S, None

    def failed(self) -> None:
        """Count a failure; the third in a row, and every one after it, opens the circuit."""
        self.failures += 1
        if self.failures >= FAILURES_TO_OPEN:
            self._open_until = self.clock() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
