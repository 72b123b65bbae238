"""The one place that applies numba: kernels are plain functions, compiled where numba is installed.

Without numba (or with `NUMBA_DISABLE_JIT=1`) the same functions run as they are written: slower, with the same
results bit for bit, because nothing here allows the compiler to reorder or contract floating-point operations.
"""

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


def _set_up() -> tuple[bool, bool]:
    """Return (numba is there, its cache can be used), telling numba where the cache lies before it is imported."""
    if importlib.util.find_spec("numba") is None:
        return False, False
    folder = cache_folder()
    if folder is not None and folder.name != "__pycache__":
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return True, folder is not None


HAVE_NUMBA, HAVE_CACHE = _set_up()


def kernel(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Compile a plain function on first call, cached on disk, without the GIL; the function itself without numba."""
    if not HAVE_NUMBA:
        return function
    import numba

    return cast(Callable[Args, Result], numba.njit(cache=HAVE_CACHE, nogil=True, error_model="numpy")(function))
