"""`config`: show the effective configuration, check a file, write a commented example."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.app import config
from monitor.app.failure import Exit, Failure

app = typer.Typer(help="Show, check or begin a configuration.", no_args_is_help=True)


@app.command()
def show(
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of TOML.")] = False,
) -> None:
    """Show the effective configuration: the file's, over the defaults."""
    found = config.find(file)
    settings = config.load(found)
    if as_json:
        typer.echo(settings.model_dump_json(indent=2))
        return
    typer.echo(f"# from {found}" if found else "# defaults: no configuration file")
    typer.echo(config.show(settings))


@app.command()
def check(file: Annotated[Path, typer.Argument(help="Configuration file (TOML).")]) -> None:
    """Check a file: all its faults in one sentence, exit code 78; or 'ok'."""
    config.load(file)
    typer.echo(f"{file}: ok")


@app.command()
def example(
    out: Annotated[
        Path | None, typer.Option(help="File to write; it must not exist. Default: standard output.")
    ] = None,
) -> None:
    """Write a commented example: every key with its meaning, unit and default."""
    if out is None:
        typer.echo(config.example())
        return
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(config.example())
    except FileExistsError:
        raise Failure(Exit.USAGE, f"{out} exists already; it is left as it is.") from None
    except OSError as error:
        raise Failure(Exit.CONFIG, f"{out} cannot be written: {error.strerror}.") from None
    typer.echo(f"{out} written")
