"""A language model behind any OpenAI-compatible server: asked within a hard deadline, with retries of our own."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tenacity

from monitor.narrate.guards import Budget, Circuit
from monitor.narrate.prompt import SCHEMA
from monitor.settings import LlmSettings

log = logging.getLogger(__name__)

FORMATS = ("json_schema", "json_object", "text")
"""Forms of answer, the strictest first; a server that refuses one is asked for the next."""
MOST_ABANDONED = 4
"""Questions given up on whose connection still hangs, beyond which no more are asked."""
LOOK_S = 0.2
"""Between two looks, while a question is asked, at whether it is to be given up."""
RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
REFUSED_FORM = frozenset({400, 404, 415, 422, 501})


class LlmError(Exception):
    """The language model gave no usable answer; the message holds no secret."""


class _Again(Exception):
    """Trouble that may pass: worth another try within the deadline."""


ClientFactory = Callable[[LlmSettings, float], Any]
"""Makes an openai client (or what quacks like one) for one question that ends at a time of `time.monotonic`."""


def api_key(settings: LlmSettings) -> str | None:
    """Return the key from the file or the environment; local servers need none, but the client wants a string."""
    if settings.api_key_file is not None:
        try:
            return Path(settings.api_key_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise LlmError(f"the key file cannot be read: {error.strerror}") from None
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    return key or ("none" if settings.base_url else None)


def openai_client(settings: LlmSettings, deadline: float) -> Any:
    """Return an openai client without retries whose answers end in time."""
    import openai

    from monitor.narrate.transport import bounded_client

    key = api_key(settings)
    if key is None:
        raise LlmError("no key: set OPENAI_API_KEY or narrate.llm.api_key_file")
    http: Any = bounded_client(deadline)
    return openai.OpenAI(api_key=key, base_url=settings.base_url, timeout=http.timeout, max_retries=0, http_client=http)


class Llm:
    """Asks a language model; knows its budget, its circuit, and the form of answer that the server accepts."""

    def __init__(
        self, settings: LlmSettings, budget: Budget, circuit: Circuit, client_factory: ClientFactory | None = None
    ) -> None:
        self.settings = settings
        self.budget = budget
        self.circuit = circuit
        self.asked = 0
        self._make = client_factory or openai_client
        self._form = 0
        self._length_key = "max_tokens"
        self._temperature = settings.temperature
        self._abandoned: list[threading.Thread] = []
        self._ending = threading.Event()

    def give_up(self) -> None:
        """Let go of the question that is being asked, and ask no other."""
        self._ending.set()

    @property
    def given_up(self) -> bool:
        """Whether nothing is asked any more."""
        return self._ending.is_set()

    def request(self, messages: Sequence[dict[str, str]]) -> dict[str, Any]:
        """Return the body of a question: exactly what is sent."""
        body: dict[str, Any] = {"model": self.settings.model, "messages": list(messages)}
        body[self._length_key] = self.settings.max_tokens
        if self._temperature is not None:
            body["temperature"] = self._temperature
        form = FORMATS[self._form]
        if form == "json_schema":
            schema = {"name": "caption", "strict": True, "schema": SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif form == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def ask(self, messages: Sequence[dict[str, str]], deadline: float) -> str:
        """Return the text of the answer; LlmError when there is none before `deadline` (of `time.monotonic`)."""
        estimate = sum(len(message["content"]) for message in messages) // 4
        if not self.budget.allows(estimate + self.settings.max_tokens):
            raise LlmError("budget spent")
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
            stop=lambda state: self.given_up or time.monotonic() + (state.upcoming_sleep or 0) >= deadline,
            sleep=tenacity.sleep_using_event(self._ending),
            reraise=True,
        )
        try:
            return tries(lambda: self._once(messages, estimate, deadline))
        except _Again as error:
            raise LlmError(str(error)) from None

    def _once(self, messages: Sequence[dict[str, str]], estimate: int, deadline: float) -> str:
        """Ask once in a thread that can be abandoned: nothing else ends a connection that hangs."""
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        if len(self._abandoned) >= MOST_ABANDONED:
            raise LlmError("earlier questions still hang")
        box: list[Any] = []
        body = self.request(messages)
        clients: list[Any] = []
        self.asked += 1
        thread = threading.Thread(target=self._work, args=(body, deadline, clients, box), name="llm", daemon=True)
        thread.start()
        while thread.is_alive() and not self.given_up and (left := deadline - time.monotonic()) > 0:
            thread.join(min(left, LOOK_S))
        if not box:
            self._abandoned.append(thread)
            for client in clients:
                _close(client)
            self.budget.spend(estimate, 0)
            raise LlmError("given up" if self.given_up else "no answer before the deadline")
        outcome = box[0]
        if isinstance(outcome, Exception):
            raise self._judge(outcome)
        return self._read(outcome, estimate)

    def _work(self, body: dict[str, Any], deadline: float, clients: list[Any], box: list[Any]) -> None:
        try:
            client = self._make(self.settings, deadline)
            clients.append(client)
            box.append(client.chat.completions.create(**body))
        except Exception as error:
            box.append(error)
        finally:
            for client in clients:
                _close(client)

    def _judge(self, error: Exception) -> Exception:
        """Return what a failure means: try again, ask in another form, or give up. Messages name no secret."""
        if isinstance(error, LlmError):
            return error
        status = getattr(error, "status_code", None)
        name = type(error).__name__ if status is None else f"HTTP status {status}"
        if status in REFUSED_FORM and self._plainer(str(getattr(error, "message", ""))):
            return _Again(name)
        if status in RETRIED or (status is None and "Connection" in name) or "Timeout" in name:
            return _Again(name)
        return LlmError(name)

    def _plainer(self, message: str) -> bool:
        """Ask in a plainer form after a refusal; False when there is none left."""
        if "max_completion_tokens" in message and self._length_key == "max_tokens":
            self._length_key = "max_completion_tokens"
        elif "temperature" in message and self._temperature is not None:
            self._temperature = None
        elif self._form + 1 < len(FORMATS):
            self._form += 1
        else:
            return False
        log.info("llm_form", extra={"form": FORMATS[self._form], "length_key": self._length_key})
        return True

    def _read(self, response: Any, estimate: int) -> str:
        """Return the text of a response, whose every part may be missing."""
        choices = getattr(response, "choices", None)
        usage = getattr(response, "usage", None)
        content = None
        if choices:
            content = getattr(getattr(choices[0], "message", None), "content", None)
        length = len(content) // 4 if isinstance(content, str) else 0
        tokens = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
        self.budget.spend(
            tokens[0] if isinstance(tokens[0], int) else estimate, tokens[1] if isinstance(tokens[1], int) else length
        )
        if not choices:
            raise LlmError("the server answered without a choice")
        if not isinstance(content, str) or not content.strip():
            raise LlmError("the answer is empty or refused")
        if getattr(choices[0], "finish_reason", None) == "length":
            raise LlmError("the answer was cut off at max_tokens")
        return content


def _close(client: Any) -> None:
    close: Callable[[], None] | None = getattr(client, "close", None)
    if close is not None:
        try:
            close()
        except Exception as error:
            log.debug("llm_close", extra={"error": type(error).__name__})
