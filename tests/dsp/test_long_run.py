"""After a day of chunked sound every value still equals that of long blocks, bit for bit."""

import pytest

from benchmarks.dsp import long_run


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_a_day_in_uneven_chunks() -> None:
    assert "every value bit for bit" in long_run(24)


def test_five_minutes_in_uneven_chunks() -> None:
    assert "every value bit for bit" in long_run(1 / 12)
