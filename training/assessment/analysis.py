"""What the returned sheets say: the published measures with intervals, agreement, and differences between systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.assessment.agreement import krippendorff_alpha
from training.assessment.package import KEY
from training.assessment.plot import plot
from training.assessment.sheets import SCALES, Rating, SheetError, ratings, rows, write

MEASURES = (*SCALES, "overall")
WEIGHTS = np.array([0.5, 0.5, 1.0, 1.0, 1.0])
"""overall = (precision + recall) / 2 + fluency + conciseness + irrelevance."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """Ratings as an array of shape (raters, items, measures), NaN where left out, and the system of each item."""

    raters: tuple[str, ...]
    items: tuple[str, ...]
    systems: tuple[str, ...]
    scores: NDArray[np.float64]


def table(given: Sequence[Rating], system_of: dict[str, str]) -> Table:
    """Return the ratings as an array; the last measure is overall."""
    raters = tuple(sorted({rating.participant for rating in given}))
    items = tuple(sorted({rating.item for rating in given}))
    scores = np.full((len(raters), len(items), len(MEASURES)), np.nan)
    for rating in given:
        values = np.array(rating.scores, dtype=float)
        scores[raters.index(rating.participant), items.index(rating.item)] = [*values, float(values @ WEIGHTS)]
    return Table(raters, items, tuple(system_of[item] for item in items), scores)


def estimates(judged: Table, repeats: int, seed: int = 1) -> dict[str, list[Estimate]]:
    """Return the mean of each measure per system, and per pair of systems the difference, with 95 % intervals.

    Raters and items are drawn anew, each with replacement, in every repeat (Owen, The pigeonhole bootstrap, 2007).
    """
    rng = np.random.default_rng(seed)
    names = sorted(set(judged.systems))
    columns = {name: np.array([system == name for system in judged.systems]) for name in names}
    known = ~np.isnan(judged.scores)
    values = np.where(known, judged.scores, 0.0)

    def means(rater_weight: NDArray[np.float64], item_weight: NDArray[np.float64]) -> NDArray[np.float64]:
        weight = rater_weight[:, None, None] * known
        totals = []
        for name in names:
            share = weight * (item_weight * columns[name])[None, :, None]
            total = share.sum(axis=(0, 1))
            totals.append(np.where(total > 0, (share * values).sum(axis=(0, 1)) / np.maximum(total, 1e-12), np.nan))
        return np.array(totals)

    shape = len(judged.raters), len(judged.items)
    centre = means(np.ones(shape[0]), np.ones(shape[1]))
    drawn = np.array(
        [
            means(
                rng.multinomial(shape[0], np.full(shape[0], 1 / shape[0])).astype(float),
                rng.multinomial(shape[1], np.full(shape[1], 1 / shape[1])).astype(float),
            )
            for _ in range(repeats)
        ]
    )

    def row(mean: NDArray[np.float64], sample: NDArray[np.float64]) -> list[Estimate]:
        low, high = np.nanpercentile(sample, [2.5, 97.5], axis=0)
        return [Estimate(float(m), float(a), float(b)) for m, a, b in zip(mean, low, high, strict=True)]

    result = {name: row(centre[index], drawn[:, index]) for index, name in enumerate(names)}
    for first in range(len(names)):
        for second in range(first + 1, len(names)):
            difference = f"{names[first]} minus {names[second]}"
            result[difference] = row(centre[first] - centre[second], drawn[:, first] - drawn[:, second])
    return result


def analyse(sheets: Sequence[Path], key: Path, out: Path, repeats: int) -> str:
    """Write results.csv, results.md and results.png, and return the text of results.md."""
    if repeats < 1:
        raise SheetError(f"repeats is {repeats}, not at least 1")
    system_of = {row["item"]: row["system"] for row in rows(key, KEY)}
    judged = table(ratings(sheets, system_of), system_of)
    found = estimates(judged, repeats)
    agreement = [krippendorff_alpha(judged.scores[:, :, index]) for index in range(len(MEASURES))]
    out.mkdir(parents=True, exist_ok=True)
    lines = [
        (name, measure, estimate.mean, estimate.low, estimate.high)
        for name, row in found.items()
        for measure, estimate in zip(MEASURES, row, strict=True)
    ]
    write(out / "results.csv", ("system", "measure", "mean", "low_95", "high_95"), lines)
    text = _text(judged, found, agreement, repeats)
    (out / "results.md").write_text(text, encoding="utf-8")
    systems = {name: found[name] for name in sorted(set(judged.systems))}
    plot(out / "results.png", MEASURES, {n: [(e.mean, e.low, e.high) for e in row] for n, row in systems.items()})
    return text


def _text(judged: Table, found: dict[str, list[Estimate]], agreement: list[float | None], repeats: int) -> str:
    rated = int(np.sum(~np.isnan(judged.scores[:, :, 0])))
    lines = [
        "# Caption assessment",
        "",
        f"{len(judged.raters)} raters, {len(judged.items)} captions, {rated} ratings. Means with 95 % intervals "
        f"(bootstrap over raters and captions, {repeats} repeats).",
        "",
        f"| | {' | '.join(MEASURES)} |",
        f"| --- |{' --- |' * len(MEASURES)}",
    ]
    for name, row in found.items():
        cells = (f"{e.mean:.2f} ({e.low:.2f} to {e.high:.2f})" for e in row)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    cells = ("n/a" if alpha is None else f"{alpha:.2f}" for alpha in agreement)
    lines.append(f"| Krippendorff's alpha (interval) | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
