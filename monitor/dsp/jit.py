"""The one place that applies numba: kernels are plain functions, compiled where numba is installed.

Without numba (or with `NUMBA_DISABLE_JIT=1`) the same functions run as they are written: slower, with the same
results bit for bit, because nothing here allows the compiler to reorder or contract floating-point operations.
"""

import functools
import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

Args = ParamSpec("Args")
Result = TypeVar("Result")


def _writable(folder: Path) -> bool:
    """Tell whether files can really be made in the folder (made if missing)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@functools.cache
def cache_folder() -> Path | None:
    """Return the folder for compiled kernels, or None where none can be written.

    `NUMBA_CACHE_DIR` wins; then `__pycache__` beside this file; then `$CACHE_DIRECTORY` (systemd), the XDG cache
    folder and the folder for temporary files, which is what a read-only installation needs.
    """
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen) if _writable(Path(chosen)) else None
    beside = Path(__file__).parent / "__pycache__"
    if _writable(beside):
        return beside
    roots = [os.environ.get("CACHE_DIRECTORY", "").split(":")[0], os.environ.get("XDG_CACHE_HOME", "")]
    if home := os.environ.get("HOME"):
        roots.append(str(Path(home) / ".cache"))
    roots.append(str(Path(tempfile.gettempdir()) / f"cache-{os.getuid()}"))
    for root in filter(None, roots):
        folder = Path(root) / "soundscape-monitor" / "numba"
        if _writable(folder):
            return folder
    return None


def kernel(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Compile a plain function on first call, cached on disk, without the GIL; the function itself without numba."""
    if importlib.util.find_spec("numba") is None:
        return function
    compiled: Callable[Args, Result] | None = None

    @functools.wraps(function)
    def call(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        nonlocal compiled
        if compiled is None:
            compiled = _compile(function)
        return compiled(*args, **kwargs)

    return call


def _compile(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Hand the function to numba, which is told where its cache lies before it is first imported."""
    folder = cache_folder()
    if folder is not None and folder.name != "__pycache__":
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
    import numba

    if folder is not None and folder.name != "__pycache__":
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # where numba was imported before
    jit = numba.njit(cache=folder is not None, nogil=True, error_model="numpy")
    return cast(Callable[Args, Result], jit(function))
