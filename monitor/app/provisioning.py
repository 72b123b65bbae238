"""A fleet from a table: every row a node, whose columns are keys of the configuration."""

import csv
import difflib
import tomllib
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from monitor.app import config
from monitor.app.failure import Exit, Failure
from monitor.publish.home_assistant import own_topic
from monitor.publish.link.address import Address, MqttConfigError
from monitor.settings import Settings

HOME = PurePosixPath("/etc/soundscape-monitor")
"""Where a node's files lie once they are on the node."""
MADE_BY = "# Made by `soundscape-monitor fleet provision`; change the table of the nodes and run it again."

KEYS = tuple(f"{table}.{key}" for table, model in config.tables() for key in model.model_fields)
OWN = ("mqtt.url", "mqtt.username", "mqtt.password_file", "mqtt.ca_file")
"""What is set for every node, and is therefore no column."""


@dataclass(frozen=True, slots=True)
class Node:
    """A row: its settings, and the configuration file that says the same."""

    settings: Settings
    toml: str

    @property
    def user(self) -> str:
        """Its name at the broker: '/' keeps a.b of c apart from b.c of a."""
        return f"{self.settings.node.site}/{self.settings.node.name}"


def read(table: Path, common: Path | None, url: str, *, own_authority: bool) -> list[Node]:
    """Return the nodes of a CSV file, over the settings that all share.

    A column is a key such as `calibration.floor_dba`; without a dot it belongs to the table `node`; `site` and
    `name` are needed. Raises Failure: 66 for a missing file, 65 for wrong rows, one sentence each, 78 for wrong
    common settings.
    """
    base = _common(common)
    broker = {"url": url} | ({"ca_file": str(HOME / "ca.crt")} if own_authority else {})
    reader = csv.reader(StringIO(_text(table)), delimiter=_delimiter(table))
    columns = _columns(table, next(reader, []))
    nodes: dict[str, Node] = {}
    lines: dict[str, int] = {}
    announced: dict[str, Node] = {}
    faults: list[str] = []
    for row in reader:
        where = f"{table}, line {reader.line_num}"
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        try:
            node = _node(base, broker, columns, cells)
        except ValueError as error:
            faults.append(f"{where}: {error}.")
            continue
        if node.user in nodes:
            faults.append(f"{where}: {node.user} stands in line {lines[node.user]} already.")
        elif (topic := own_topic(node.settings)) and (other := announced.setdefault(topic, node)) is not node:
            faults.append(f"{where}: Home Assistant cannot tell {node.user} from {other.user}: give it another name.")
        nodes.setdefault(node.user, node)
        lines.setdefault(node.user, reader.line_num)
    if faults:
        raise Failure(Exit.BAD_INPUT, "\n".join(faults))
    if not nodes:
        raise Failure(Exit.BAD_INPUT, f"{table} names no node: give a line for each below the names of the columns.")
    return list(nodes.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Failure(Exit.MISSING_INPUT, f"There is no file {path}.") from None
    except OSError as error:
        raise Failure(Exit.MISSING_INPUT, f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Failure(Exit.BAD_INPUT, f"{path} is not text in UTF-8: save it as 'CSV UTF-8'.") from None


def _delimiter(table: Path) -> str:
    first = _text(table).partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _columns(table: Path, names: list[str]) -> list[str]:
    columns = [name.strip() if "." in name else f"node.{name.strip()}" for name in names]
    for needed in ("node.site", "node.name"):
        if needed not in columns:
            given = ", ".join(names) or "nothing"
            raise Failure(Exit.BAD_INPUT, f"{table}, line 1 must name the columns, site and name among them: {given}.")
    for column in columns:
        if column in OWN:
            raise Failure(Exit.BAD_INPUT, f"{table}, line 1: {column} is set for every node and is no column.")
        if column not in KEYS:
            close = difflib.get_close_matches(column, KEYS, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise Failure(Exit.BAD_INPUT, f"{table}, line 1: {column} is no key of the configuration{hint}.")
        if columns.count(column) > 1:
            raise Failure(Exit.BAD_INPUT, f"{table}, line 1: the column {column} is there twice.")
    return columns


def _common(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        tree = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise Failure(Exit.CONFIG, f"{path} is not valid TOML: {error}.") from None
    try:
        Settings.model_validate(tree)
    except ValidationError as error:
        raise Failure(Exit.CONFIG, f"{path}: {'; '.join(config.faults(error))}.") from None
    return tree


def _node(base: dict[str, Any], broker: dict[str, str], columns: list[str], cells: list[str]) -> Node:
    """Return a row's node; ValueError with all its faults in one sentence."""
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} values for {len(columns)} columns")
    tree = _merged(base, {"mqtt": broker | {"password_file": str(HOME / "password")}})
    for column, cell in zip(columns, cells, strict=True):
        if cell:
            *path, key = column.split(".")
            below: dict[str, Any] = {key: cell}
            for table in reversed(path):
                below = {table: below}
            tree = _merged(tree, below)
    named = tree.get("node", {})
    for needed in ("site", "name"):
        if not named.get(needed):
            raise ValueError(f"{needed} is empty")
    tree = _merged(tree, {"mqtt": {"username": f"{named['site']}/{named['name']}"}})
    try:
        settings = Settings.model_validate(tree)
        Address.of(settings.mqtt)
        ZoneInfo(settings.node.time_zone)
    except ValidationError as error:
        raise ValueError("; ".join(config.faults(error))) from None
    except MqttConfigError as error:
        raise ValueError(str(error)) from None
    except (KeyError, OSError, ValueError):
        raise ValueError(f"node.time_zone: {named.get('time_zone')!r} is no IANA time zone") from None
    return Node(settings, f"{MADE_BY}\n\n{config.show(settings, only_set=True)}")


def _merged(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(lower[key], value) if isinstance(value, dict) and isinstance(lower.get(key), dict) else value
        for key, value in upper.items()
    }
    return {**lower, **both}
