"""What the commands share: one console, one kind of progress bar."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

console = Console()

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 ...")]


def progress_bar() -> Progress:
    """A bar with a description, the count, and times."""
    counts = (MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(TextColumn("{task.description}"), BarColumn(), *counts, console=console)
