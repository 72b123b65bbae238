"""The command line: one sentence for every fault, and the documented exit codes."""

import sys
from importlib import import_module
from typing import Any

import typer

from monitor import __version__
from monitor.app.failure import Exit, Failure
from monitor.model.bundle import BundleError
from monitor.sources.calibration import CalibrationUnreadable
from monitor.sources.contract import SourceError
from monitor.store.database import DatabaseError

app = typer.Typer(
    name="soundscape-monitor",
    help="Listen to a place, and say in numbers and in plain words what it sounds like and how it feels to be there.",
    epilog="Exit codes: 0 ok, 2 usage, 65 bad input, 66 missing input, 69 device or service, 70 internal, 78 config.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"soundscape-monitor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say the version."),
) -> None:
    pass


def _register(wanted: str | None = None) -> None:
    """Add the commands, the everyday ones first; when one is wanted, that alone: start-up time is mostly imports."""
    panels = (
        ("Listen", ("run", "dashboard", "subscribe")),
        ("Files", ("describe", "measure")),
        ("Set up", ("devices", "calibrate", "config", "doctor")),
        ("Evaluate", ("report", "narrate")),
        ("City", ("bridge", "fleet")),
        ("Care", ("support_bundle",)),
    )
    commands = {name.replace("_", "-"): (name, panel) for panel, names in panels for name in names}
    for title, (name, panel) in commands.items():
        if wanted in commands and wanted != title:
            continue
        module: Any = import_module(f"monitor.app.commands.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=title, rich_help_panel=panel)
        else:
            app.command(title, rich_help_panel=panel)(getattr(module, name))


def main() -> None:
    """Run a command; faults end in one sentence on standard error and their exit code."""
    _register(sys.argv[1] if len(sys.argv) > 1 else None)
    try:
        app()
    except Failure as failure:
        sys.exit(_say(str(failure), failure.code))
    except SourceError as error:
        sys.exit(_say(str(error), error.exit_code))
    except (DatabaseError, CalibrationUnreadable) as error:
        sys.exit(_say(str(error), Exit.CONFIG))
    except BundleError as error:
        sys.exit(_say(str(error), Exit.BAD_INPUT))


def _say(sentence: str, code: int) -> int:
    typer.secho(f"soundscape-monitor: {sentence}", err=True, fg=typer.colors.RED)
    return code
