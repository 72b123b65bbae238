"""`support-bundle`: what somebody needs who helps, without secrets and without audio."""

import io
import json
import platform
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import distributions
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from monitor import __version__
from monitor.app import config
from monitor.app.doctor import examine
from monitor.app.failure import Exit, Failure
from monitor.settings import Settings
from monitor.store.database import DatabaseError
from monitor.store.history import History

PRIVATE = ("latitude", "longitude", "place", "username", "webhook", "base_url", "url")
"""Keys whose values are told as set or not, never themselves."""


def support_bundle(
    out: Annotated[Path, typer.Option(help="Archive to write.")] = Path("support-bundle.zip"),
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    state: Annotated[Path | None, typer.Option(help="State folder. Default: as for `run`.")] = None,
) -> None:
    """Write an archive with versions, the doctor's findings, settings, journal and gaps; no secrets, no audio.

    Places, addresses and user names are left out. Look at it before you send it: it is a few text files.
    """
    settings = config.load(config.find(file))
    folder = config.existing_state(state)
    contents = {
        "versions.json": _versions(),
        "doctor.json": _blackened([finding.as_dict() for finding in examine(settings, folder)], settings, folder),
        "settings.json": _without_private(settings.model_dump(mode="json")),
        "history.json": _history(settings, folder),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, json.dumps(content, indent=2, default=str))
    try:
        out.write_bytes(buffer.getvalue())
    except OSError as error:
        raise Failure(Exit.USAGE, f"{out} cannot be written: {error.strerror}.") from None
    typer.echo(f"{out} written: {', '.join(contents)}")


def _versions() -> dict[str, Any]:
    return {
        "soundscape-monitor": __version__,
        "python": sys.version,
        "machine": platform.machine(),
        "system": platform.platform(),
        "packages": {d.name: d.version for d in distributions()},
    }


def _without_private(tree: Any) -> Any:
    """Return the settings with private values and paths of secrets replaced by `set` or null."""
    if isinstance(tree, dict):
        return {
            key: ("set" if value is not None else None)
            if key in PRIVATE or key.endswith("_file")
            else _without_private(value)
            for key, value in tree.items()
        }
    return [_without_private(item) for item in tree] if isinstance(tree, list) else tree


def _blackened(findings: list[dict[str, str]], settings: Settings, state: Path) -> list[dict[str, str]]:
    """Return the doctor's findings without the private values and folders that their sentences name."""
    hidden = {str(value): "(left out)" for value in _private(settings.model_dump(mode="json"))}
    for address in list(hidden):
        if "://" in address and (host := urlsplit(address).hostname):
            hidden[host] = "(left out)"
    hidden |= {str(state): "(state folder)", str(Path.home()): "(home)"}
    return [{key: _without(text, hidden) for key, text in finding.items()} for finding in findings]


def _without(text: str, hidden: dict[str, str]) -> str:
    for value in sorted(hidden, key=len, reverse=True):
        if len(value) > 1:
            text = text.replace(value, hidden[value])
    return text


def _private(tree: Any) -> Iterator[Any]:
    """Yield the values of the keys that are private."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in PRIVATE and value is not None:
                yield value
            else:
                yield from _private(value)


def _history(settings: Settings, folder: Path) -> dict[str, Any]:
    """Return the journal and the gaps of 30 days, and how well the last day was heard."""
    now = datetime.now(UTC)
    try:
        history = History(folder / "history.db", settings.aggregate, settings.node.time_zone)
        since = now - timedelta(days=30)
        minutes = history.minutes(now - timedelta(days=1), now)
        return {
            "journal": [entry.model_dump(mode="json") for entry in history.journal(since, now)],
            "gaps": [gap.model_dump(mode="json") for gap in history.gaps(since, now)],
            "last_day": {"minutes": len(minutes), "coverage": [m.quality.coverage for m in minutes]},
        }
    except DatabaseError as error:
        return {"error": str(error)}
