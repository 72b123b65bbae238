"""The results drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def plot(path: Path, measures: Sequence[str], systems: Mapping[str, Sequence[tuple[float, float, float]]]) -> None:
    """Draw the mean and the interval of each measure, systems side by side, into a PNG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(1.6 * len(measures) + 1, 4), layout="constrained")
    for index, (name, row) in enumerate(systems.items()):
        places = [place + 0.15 * (index - (len(systems) - 1) / 2) for place in range(len(measures))]
        means = [mean for mean, _, _ in row]
        reach = [[mean - low for mean, low, _ in row], [high - mean for mean, _, high in row]]
        axes.errorbar(places, means, yerr=reach, fmt="o", capsize=3, label=name)
    axes.set_xticks(range(len(measures)), measures)
    axes.set_ylabel("rating")
    axes.axhline(0, color="0.8", linewidth=0.8)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(title="mean and 95 % interval", frameon=False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
