"""The loudest moment of the last six hours is remembered, gaps and wrap-around included."""

from monitor.aggregate.loudest import LoudestMemory
from monitor.types import LEVEL_FRAME
from tests.aggregate.observations import frame, pa2

SIX_HOURS = 6 * 3600 * 8


def test_the_loudest_of_a_stretch() -> None:
    memory = LoudestMemory()
    for k, level in enumerate((50, 60, 55)):
        memory.add(frame(k * LEVEL_FRAME, level))
    assert memory.between(0, 3 * LEVEL_FRAME) == memory.between(LEVEL_FRAME, 2 * LEVEL_FRAME)
    assert abs(memory.between(0, LEVEL_FRAME) / pa2(50) - 1) < 1e-6
    assert memory.between(3 * LEVEL_FRAME, 9 * LEVEL_FRAME) == 0 == memory.between(0, 0)


def test_it_survives_gaps_and_forgets_after_six_hours() -> None:
    memory = LoudestMemory()
    memory.add(frame(0, 90))
    memory.add(frame((SIX_HOURS - 1) * LEVEL_FRAME, 50))
    assert abs(memory.between(0, SIX_HOURS * LEVEL_FRAME) / pa2(90) - 1) < 1e-6
    memory.add(frame((SIX_HOURS + 10) * LEVEL_FRAME, 60))
    assert abs(memory.between(0, (SIX_HOURS + 11) * LEVEL_FRAME) / pa2(60) - 1) < 1e-6
    assert memory.between(0, (SIX_HOURS - 5) * LEVEL_FRAME) == 0
