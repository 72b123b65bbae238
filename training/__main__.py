"""Command line of training: `python -m training --help`."""

from collections.abc import Callable

import typer

from training.araus import ArausError
from training.commands import araus, judging, soundscapes
from training.mixture.sources import SourceError
from training.networks import CheckpointError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="""Train and judge SoundEQnet and its seven siblings.

With the ARAUS recordings, as in the paper: [bold]prepare[/] checks folder against labels, [bold]features[/] hears every
clip as a node would, [bold]train[/] runs the published recipe, [bold]evaluate[/] prints the paper's table,
[bold]calibrate[/] turns scores into probabilities. Then `python -m model_export export` makes a bundle for nodes.

Without them, as for the weights that ship: [bold]mix[/] builds soundscapes from other recordings and asks the published
siblings what they think, [bold]distil[/] trains on that; [bold]listen[/] and [bold]judge[/] say what it is worth
on recordings that never trained.

Every step resumes where it was interrupted.""",
)
COMMANDS: tuple[Callable[..., None], ...] = (
    araus.prepare,
    araus.features,
    araus.train,
    araus.evaluate,
    araus.calibrate,
    soundscapes.mix,
    soundscapes.distil,
    soundscapes.recalibrate,
    judging.listen,
    judging.judge,
    soundscapes.attribution,
)
for command in COMMANDS:
    app.command()(command)


def main() -> None:
    """Run the command line; faults in files are told in one sentence."""
    try:
        app()
    except (ArausError, CheckpointError, SourceError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(65) from error
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}.", err=True)
        raise SystemExit(65) from error


if __name__ == "__main__":
    main()
