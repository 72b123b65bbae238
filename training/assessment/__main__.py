"""`python -m training.assessment make|analyse`."""

from pathlib import Path
from typing import Annotated

import typer

from training.assessment.analysis import analyse as analyse_sheets
from training.assessment.package import make as make_package
from training.assessment.sheets import SheetError

app = typer.Typer(help="Listening tests of captions.", no_args_is_help=True, add_completion=False)


@app.command()
def make(
    captions: Annotated[Path, typer.Argument(help="CSV with the columns clip, system, caption; clip names a file.")],
    clips: Annotated[Path, typer.Option(help="Folder of the clips.")],
    out: Annotated[Path, typer.Option(help="Folder to write: package/ for participants, key.csv for you alone.")],
    seed: Annotated[int, typer.Option(help="Seed of the blind codes.")] = 1,
) -> None:
    """Build a blinded listening test from the operator's own clips."""
    try:
        count = make_package(captions, clips, out, seed)
    except SheetError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"{count} captions. Edit {out / 'package'}/call.md and instructions.md, then send the folder package.")


@app.command()
def analyse(
    sheets: Annotated[list[Path], typer.Argument(help="Returned CSV sheets.")],
    key: Annotated[Path, typer.Option(help="key.csv of the test.")],
    out: Annotated[Path, typer.Option(help="Folder for results.csv, results.md and results.png.")],
    repeats: Annotated[int, typer.Option(help="Bootstrap repeats.")] = 2000,
) -> None:
    """Turn returned sheets into means with intervals, agreement between raters, and a plot."""
    try:
        text = analyse_sheets(sheets, key, out, repeats)
    except SheetError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(text)


if __name__ == "__main__":
    app()
