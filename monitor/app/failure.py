"""Exit codes, and the one exception that becomes a sentence and an exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes (after sysexits.h)."""

    OK = 0
    USAGE = 2
    BAD_INPUT = 65
    MISSING_INPUT = 66
    DEVICE = 69
    INTERNAL = 70
    CONFIG = 78


class Failure(Exception):
    """A sentence for the user (what was wrong, where, what to do) and the exit code that goes with it."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
