"""Configuration: read, check, show, and write a commented example."""

import json
import os
import tomllib
from collections.abc import Iterator
from datetime import time
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_state_path
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from monitor.app.failure import Exit, Failure
from monitor.settings import AlertRule, Settings

SYSTEM_CONFIG = Path("/etc/soundscape-monitor/monitor.toml")


def find(path: Path | None) -> Path | None:
    """Return the file to read: `path`, else $SOUNDSCAPE_CONFIG, else the system's where this user may read it."""
    if path is not None:
        return path
    if named := os.environ.get("SOUNDSCAPE_CONFIG"):
        return Path(named)
    return SYSTEM_CONFIG if os.access(SYSTEM_CONFIG, os.R_OK) else None


def load(path: Path | None) -> Settings:
    """Return the settings of a file, or the defaults for None.

    Raises Failure (66 for a missing file, 78 for a wrong one) with every fault in one sentence.
    """
    if path is None:
        return Settings()
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Failure(Exit.MISSING_INPUT, f"There is no configuration file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.CONFIG, f"The configuration file {path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise Failure(Exit.CONFIG, f"{path} is not valid TOML: {error}.") from None
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise Failure(Exit.CONFIG, f"{path}: {'; '.join(faults(error))}.") from None
    check_references(settings, str(path))
    return settings


def check_references(settings: Settings, where: str) -> None:
    """Check what a type cannot: the time zone exists, and secrets files can be read. Raises Failure (78)."""
    try:
        ZoneInfo(settings.node.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure(
            Exit.CONFIG,
            f"{where}: node.time_zone = {settings.node.time_zone!r} is no IANA time zone, such as Europe/Amsterdam.",
        ) from None
    files = {
        "narrate.llm.api_key_file": settings.narrate.llm.api_key_file,
        "mqtt.password_file": settings.mqtt.password_file,
        "mqtt.ca_file": settings.mqtt.ca_file,
        "mqtt.cert_file": settings.mqtt.cert_file,
        "mqtt.key_file": settings.mqtt.key_file,
        "alerts.webhook_token_file": settings.alerts.webhook_token_file,
    }
    for key, file in files.items():
        if file is not None and not os.access(file, os.R_OK):
            raise Failure(Exit.CONFIG, f"{where}: {key} = {file} cannot be read; check the path and its permissions.")


def faults(error: ValidationError) -> Iterator[str]:
    """Yield each fault with its key and what was given."""
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            yield f"unknown key {key}{_nearest(fault['loc'])}"
        elif key:
            given = json.dumps(fault["input"], default=str)
            shown = "" if fault["type"] in ("missing", "value_error") else f" (given: {given[:60]})"
            yield f"{key}: {fault['msg'].removeprefix('Value error, ')}{shown}"
        else:
            yield fault["msg"].removeprefix("Value error, ")


def _nearest(location: tuple[int | str, ...]) -> str:
    import difflib

    table: type[BaseModel] = Settings
    for part in location[:-1]:
        field = table.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return ""
        table = field.annotation
    close = difflib.get_close_matches(str(location[-1]), table.model_fields, n=1)
    return f" (did you mean {close[0]}?)" if close else f" (known here: {', '.join(table.model_fields)})"


def state_folder() -> Path:
    """Return the folder that survives restarts: $STATE_DIRECTORY, else the XDG state folder; made if absent.

    Raises Failure (78) when it cannot be made or written.
    """
    named = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    folder = Path(named) if named else user_state_path("soundscape-monitor")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Failure(
            Exit.CONFIG, f"The state folder {folder} cannot be made: {error.strerror}; set STATE_DIRECTORY."
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Failure(
            Exit.CONFIG, f"The state folder {folder} cannot be written; change its owner or set STATE_DIRECTORY."
        )
    return folder


def existing_state(named: Path | None) -> Path:
    """Return the state folder that a command looks at: a named one must be there, else Failure (66)."""
    if named is not None and not named.is_dir():
        raise Failure(Exit.MISSING_INPUT, f"There is no state folder {named}.")
    return named or state_folder()


def toml_value(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(toml_value(v) for v in value)}]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def tables(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Walk the tables of the tree: name such as 'narrate.llm', and its model."""
    if prefix:
        yield prefix, model
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from tables(field.annotation, f"{prefix}.{name}" if prefix else name)


def _plain(table: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in table.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            continue
        yield name, field


def _rules(field: FieldInfo) -> bool:
    return AlertRule in get_args(field.annotation)


def show(settings: Settings, *, only_set: bool = False) -> str:
    """Return settings as TOML: all of them, keys that are unset as comments; or what was set, and nothing else."""
    lines: list[str] = []
    for name, _ in tables():
        node: BaseModel = attrgetter(name)(settings)
        keys: list[str] = []
        rules: list[str] = []
        for key, value in node:
            if isinstance(value, BaseModel) or (only_set and (value is None or key not in node.model_fields_set)):
                continue
            if key == "rules":
                for rule in value:
                    rules += ["", f"[[{name}.rules]]"]
                    rules += [f"{k} = {toml_value(v)}" for k, v in rule.model_dump(exclude_none=True).items()]
            else:
                keys.append(f"# {key} is unset" if value is None else f"{key} = {toml_value(value)}")
        if keys or rules or not only_set:
            lines += [f"[{name}]", *keys, *rules, ""]
    return "\n".join(lines)


EXAMPLE_RULE = """
# [[alerts.rules]]                    # as many as you like
# name = "night-noise"
# quantity = "LAeq"                   # LAeq, LAFmax, LCpeak, L90 (dB), N5 (sone) or event (probability)
# above = 60.0                        # threshold in the quantity's unit
# for_min = 5                         # how long it must last, min
# from_time = 23:00:00                # local time the rule begins to hold
# to_time = 07:00:00                  # local time it ceases to hold
# cooldown_min = 15                   # quiet time after it cleared, min
"""


def example() -> str:
    """Return a commented example: every key with its meaning, unit and default, ready to be uncommented."""
    lines = ["# Soundscape Monitor: every key, its unit and its default. Uncomment what you change.", ""]
    for name, table in tables():
        lines += [f"# {(table.__doc__ or '').strip().splitlines()[0]}", f"[{name}]"]
        rules = False
        for key, field in _plain(table):
            if _rules(field):
                rules = True
                continue
            default = field.get_default(call_default_factory=True)
            setting = f"# {key} = {'...' if default is None else toml_value(default)}"
            lines.append(f"{setting:<38}# {field.description or ''}".rstrip())
        if rules:
            lines += EXAMPLE_RULE.rstrip().splitlines()
        lines.append("")
    return "\n".join(lines)
