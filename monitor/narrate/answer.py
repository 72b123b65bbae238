"""What a language model answered, read defensively: a JSON object, a fenced one, or plain text."""

import json
from dataclasses import dataclass
from typing import Any

LONGEST = 4000
"""Characters beyond which an answer is not read."""

THOUGHTS = ("</think>", "</thinking>", "</reasoning>")
"""What ends the thoughts that some models tell before their answer."""


class AnswerError(ValueError):
    """An answer that holds no caption."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Headline (None where plain text had none) and caption."""

    headline: str | None
    caption: str


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _from_object(value: Any) -> Answer:
    if not isinstance(value, dict):
        raise AnswerError("the answer is JSON, but not an object")
    headline, caption = value.get("headline"), value.get("caption")
    if not isinstance(caption, str) or not isinstance(headline, str) or not caption.strip() or not headline.strip():
        raise AnswerError('the answer lacks a string "headline" or "caption"')
    return Answer(_squeeze(headline).rstrip("."), _squeeze(caption))


def without_thoughts(content: str) -> str:
    """Return what a model says after having thought aloud."""
    for end in THOUGHTS:
        content = content.rpartition(end)[2]
    return content.strip()


def _labelled(text: str) -> Answer | None:
    """Return the answer of lines labelled "Headline:" and "Caption:", None where they are not."""
    parts: dict[str, str] = {}
    label = None
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        name = "".join(filter(str.isalpha, name)).lower()
        if colon and name in ("headline", "caption") and name not in parts:
            label, parts[name] = name, rest
        elif label is not None:
            parts[label] += f" {line}"
    headline, caption = (_squeeze(parts.get(name, "")) for name in ("headline", "caption"))
    return Answer(headline.rstrip("."), caption) if headline and caption else None


def parse(content: Any) -> Answer:
    """Return headline and caption of an answer; AnswerError where there is none."""
    if not isinstance(content, str) or not content.strip():
        raise AnswerError("the answer is empty")
    text = without_thoughts(content)
    if len(text) > LONGEST:
        raise AnswerError(f"the answer has {len(text)} characters, more than {LONGEST}")
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            return _from_object(json.loads(text[start : end + 1]))
        except json.JSONDecodeError as error:
            raise AnswerError(f"the answer is not valid JSON: {error.msg}") from None
        except RecursionError:
            raise AnswerError("the answer is JSON nested too deeply") from None
    if "{" in text or "}" in text or text.startswith("["):
        raise AnswerError("the answer is truncated or is not a JSON object")
    if not text:
        raise AnswerError("the answer is empty")
    return _labelled(text) or Answer(None, _squeeze(text))
