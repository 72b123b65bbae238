"""What a language model answered, read defensively: a JSON object, a fenced one, or plain text."""

import json
import re
from dataclasses import dataclass
from typing import Any

LONGEST = 4000
"""Characters beyond which an answer is not read."""

_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_LABELLED = re.compile(r"^\W*headline\W*:\s*(?P<headline>.+?)\s*\n+\W*caption\W*:\s*(?P<caption>.+)$", re.DOTALL | re.I)


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


def parse(content: Any) -> Answer:
    """Return headline and caption of an answer; AnswerError where there is none."""
    if not isinstance(content, str) or not content.strip():
        raise AnswerError("the answer is empty")
    if len(content) > LONGEST:
        raise AnswerError(f"the answer has {len(content)} characters, more than {LONGEST}")
    text = _THOUGHT.sub("", content).strip()
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
    labelled = _LABELLED.match(text)
    if labelled is not None:
        return Answer(_squeeze(labelled["headline"]).rstrip("."), _squeeze(labelled["caption"]))
    if not text:
        raise AnswerError("the answer is empty")
    return Answer(None, _squeeze(text))
