"""Languages of the template narrator and of the check: one module of sentences and one lexicon (TOML) each."""

from importlib import import_module
from importlib.util import find_spec

from monitor.narrate.language import Language


def language(code: str) -> Language | None:
    """Return the language of a two-letter code, or None where nobody has written it yet."""
    name = f"{__name__}.{code}"
    if not (code.isalpha() and code.islower() and len(code) == 2) or find_spec(name) is None:
        return None
    spoken = import_module(name).LANGUAGE
    assert isinstance(spoken, Language)
    return spoken
