"""Agreement between raters."""

import numpy as np
from numpy.typing import NDArray


def krippendorff_alpha(table: NDArray[np.float64]) -> float | None:
    """Return Krippendorff's alpha for interval data.

    `table` has shape (raters, items), NaN where a rater left an item out. 1 is perfect agreement, 0 chance. None where
    fewer than two raters share an item or nothing varies.
    Source: Krippendorff, Computing Krippendorff's alpha-reliability (2011).
    """
    shared = table[:, np.sum(~np.isnan(table), axis=0) >= 2]
    if shared.size == 0:
        return None
    observed = 0.0
    for column in shared.T:
        values = column[~np.isnan(column)]
        observed += float(np.sum((values[:, None] - values[None, :]) ** 2)) / (len(values) - 1)
    values = shared[~np.isnan(shared)]
    count = len(values)
    expected = float(2 * count * np.sum(values**2) - 2 * np.sum(values) ** 2) / (count - 1)
    return None if expected <= 0 else 1 - observed / expected
