"""What every stateful class here has in common: one dataclass of moving state, reset, save and restore."""

import copy
import dataclasses
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from monitor.types import FloatArray

State = TypeVar("State")
StateDict = dict[str, Any]
"""Field name to array or number: plain data, safe to keep or to send."""


def _field_names(state: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(state)}


class Streaming(ABC, Generic[State]):
    """A process with carried state: coefficients are immutable, all that moves is `_state`, and what is in `_parts`."""

    _state: State
    _parts: "dict[str, Streaming[Any]]" = {}  # noqa: RUF012 - replaced, never changed

    @abstractmethod
    def _fresh(self) -> State:
        """Return the state before the first sample."""

    def reset(self) -> None:
        """Forget everything heard: what follows is as from a new object."""
        self._state = self._fresh()
        for part in self._parts.values():
            part.reset()

    def state_dict(self) -> StateDict:
        """Return a copy of the moving state, by field name; a part's state is a dict under the part's name."""
        own = {name: copy.copy(getattr(self._state, name)) for name in _field_names(self._state)}
        return own | {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state: StateDict) -> None:
        """Take up a state saved by the same class with the same settings; ValueError if it does not fit."""
        fresh = self._fresh()
        expected = _field_names(fresh)
        if set(state) != expected | set(self._parts):
            raise ValueError(
                f"{type(self).__name__} state: expected fields {sorted(expected)}, received {sorted(state)}"
            )
        for name in expected:
            old, new = getattr(fresh, name), state[name]
            if type(old) is not type(new):
                raise ValueError(f"{type(self).__name__} state {name}: expected {type(old)}, received {type(new)}")
            if isinstance(old, np.ndarray) and (old.dtype != new.dtype or old.shape[:-1] != new.shape[:-1]):
                raise ValueError(
                    f"{type(self).__name__} state {name}: expected {old.dtype} {old.shape}, "
                    f"received {new.dtype} {new.shape}"
                )
            setattr(fresh, name, copy.copy(new))
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        self._state = fresh


def as_samples(chunk: ArrayLike, name: str = "pressure_pa") -> FloatArray:
    """Return the chunk as contiguous float64 of shape (n,); ValueError if it is not that or not finite.

    Missing or non-finite audio is a Gap, which the source declares: filters must never see it, since one NaN would
    stay in them for ever. Magnitudes below 1e-50 are harmless: squares of them are kept out of the states by the
    flush grid.
    """
    samples = np.ascontiguousarray(chunk, dtype=np.float64)
    if samples.ndim != 1:
        raise ValueError(f"{name}: expected one channel of shape (n,), received shape {samples.shape}")
    if not np.isfinite(np.sum(samples)):
        bad = np.flatnonzero(~np.isfinite(samples))
        if len(bad):
            raise ValueError(
                f"{name}: {len(bad)} of {len(samples)} samples are not finite, the first at {bad[0]}; "
                "report them as a Gap and reset"
            )
    return samples
