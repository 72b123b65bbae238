"""Training curves as CSV and PNG."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path


def append_row(path: Path, row: Mapping[str, float], columns: Sequence[str] = ()) -> None:
    """Add a row to a CSV file, with a header if it is new: the columns given, or those of the row."""
    fresh = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns or list(row), restval="")
        if fresh:
            writer.writeheader()
        writer.writerow({key: f"{value:.6g}" for key, value in row.items()})


def plot(path: Path, out: Path) -> None:
    """Draw every column of a CSV file against its first one to a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with path.open(newline="", encoding="utf-8") as lines:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(lines)]
    if not rows:
        return
    first, *columns = rows[0]
    across = 3
    figure, axes = pyplot.subplots(
        -(-len(columns) // across), across, figsize=(4 * across, 2.4 * -(-len(columns) // across)), squeeze=False
    )
    for axis, column in zip(axes.flat, columns, strict=False):
        axis.plot([row[first] for row in rows], [row[column] for row in rows], linewidth=1.2)
        axis.set_title(column.replace("_", " "), fontsize=9)
        axis.set_xlabel(first)
        axis.grid(alpha=0.3)
    for axis in list(axes.flat)[len(columns) :]:
        axis.set_visible(False)
    figure.tight_layout()
    figure.savefig(out, dpi=100)
    pyplot.close(figure)
