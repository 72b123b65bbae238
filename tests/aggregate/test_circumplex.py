"""ISOP and ISOE are those of ISO/TS 12913-3, to the last bit that the published data set holds."""

from pathlib import Path

import numpy as np
import pytest

from monitor.aggregate.circumplex import by_name, isoe, isop, quadrant


def test_extremes_and_middle() -> None:
    best = by_name([5, 3, 1, 5, 3, 5, 1, 1])
    assert isop(best) == pytest.approx(1, abs=1e-15)
    assert isop(by_name([1, 3, 5, 1, 3, 1, 5, 5])) == pytest.approx(-1, abs=1e-15)
    assert isoe(by_name([3, 5, 5, 5, 1, 1, 3, 1])) == pytest.approx(1, abs=1e-15)
    assert isop(by_name([3.0] * 8)) == isoe(by_name([3.0] * 8)) == 0


def test_quadrants_are_named_as_in_the_standard() -> None:
    assert quadrant(0.3, 0.3) == "vibrant"
    assert quadrant(0.3, -0.3) == "calm"
    assert quadrant(-0.3, 0.3) == "chaotic"
    assert quadrant(-0.3, -0.3) == "monotonous"


def test_all_rows_of_araus(shared: Path) -> None:
    worst, rows = 0.0, 0
    for part in ("training", "validation", "test"):
        paq = np.loadtxt(shared / "araus" / f"{part}_set_PAQ_8D_AQs.txt")
        expected = np.loadtxt(shared / "araus" / f"{part}_set_ISOP_ISOE.txt")
        for row, (p, e) in zip(paq.tolist(), expected.tolist(), strict=True):
            named = by_name(row)
            worst = max(worst, abs(isop(named) - p), abs(isoe(named) - e))
            rows += 1
    assert rows == 25_248
    assert worst <= 2.3e-16
