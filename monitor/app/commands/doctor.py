"""`doctor`: whether everything is there that a run needs."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.app import config
from monitor.app.doctor import Finding, examine
from monitor.app.doctor import running as is_running
from monitor.app.failure import Exit

STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    state: Annotated[Path | None, typer.Option(help="State folder. Default: as for `run`.")] = None,
    running: Annotated[bool, typer.Option("--running", help="Only: has a running node told a minute lately?")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> None:
    """Check device, rate, calibration, clock, disk, history, model, broker and language model.

    Each is pass, warn or fail, with what to do. Exit code 0 unless something failed, then 69.
    """
    settings = config.load(config.find(file))
    folder = config.existing_state(state)
    findings = [is_running(settings, folder)] if running else list(examine(settings, folder))
    if as_json:
        typer.echo(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        Console().print(_table(findings))
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(Exit.DEVICE)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        style = STYLES[finding.verdict]
        text = finding.text + (f"\n-> {finding.advice}" if finding.advice else "")
        table.add_row(Text(finding.verdict, style), finding.name, Text(text))
    return table
