"""Imports point down, and the node needs neither torch nor a plotting library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ["base", "dsp", "model", "aggregate", "narrate", "sources", "store", "publish", "dashboard", "report", "app"]
"""A package imports only itself and packages before it. `base` is the modules of monitor/ itself."""
INSIDE = {
    "narrate.facts": set(),
    "narrate.check": {"narrate.facts"},
    "publish.contract": set(),
    "publish.link": set(),
}
"""A folder within a package imports of that package only itself and these."""
HEAVY = {"torch", "scipy", "mosqito", "matplotlib", "librosa", "sklearn", "model_export", "training"}


def modules() -> list[Path]:
    return sorted((ROOT / "monitor").rglob("*.py"))


def floor(dotted: str) -> str:
    """The floor of a monitor module, such as 'dsp' for monitor.dsp.mel."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FLOORS else "base"


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno}: relative import"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "monitor" else {module}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    own = FLOORS.index(floor(dotted))
    for name in imports(path):
        top = name.split(".")[0]
        if top == "monitor":
            assert FLOORS.index(floor(name)) <= own, f"{dotted} imports {name}, which lies above it"
        allowed = {"matplotlib"} if floor(dotted) == "report" else set()
        assert top not in HEAVY - allowed, f"{dotted} imports {name}, which the node must not need"


@pytest.mark.parametrize("folder", INSIDE)
def test_folders_within_a_package_stand_alone(folder: str) -> None:
    package, allowed = folder.split(".")[0], {folder} | INSIDE[folder]
    paths = sorted((ROOT / "monitor" / folder.replace(".", "/")).rglob("*.py"))
    assert paths
    for path in paths:
        for name in imports(path):
            _, *parts = name.split(".")
            if parts[:1] == [package]:
                assert ".".join(parts[:2]) in allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_running_the_node_loads_no_heavy_library() -> None:
    code = "import sys, monitor.app.cli, monitor.app.pipeline; print(*sorted(sys.modules))"
    loaded = {m.split(".")[0] for m in subprocess.check_output([sys.executable, "-c", code], text=True).split()}
    assert not loaded & HEAVY
    assert "openai" not in loaded, "openai costs a second and 50 MB: import it when a model is configured"


def test_modules_stay_small() -> None:
    """A language is one file, so that another one is one file too: it may be longer."""
    code = [p for p in modules() if p.parent.name != "languages"]
    long = {str(p.relative_to(ROOT)): n for p in code if (n := len(p.read_text().splitlines())) > 250}
    assert not long, f"modules of more than 250 lines: {long}"


def test_there_is_no_utils_module() -> None:
    assert not [p for p in modules() if p.stem in {"utils", "util", "helpers", "common", "misc"}]
