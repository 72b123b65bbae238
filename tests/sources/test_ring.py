"""The ring loses nothing while there is room, and knows what it lost when there is none."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.lateness import Lateness
from monitor.sources.ring import Ring
from monitor.types import RATE_HZ

ACTIONS = st.lists(st.tuples(st.sampled_from(["write", "read"]), st.integers(1, 40)), max_size=60)


@given(actions=ACTIONS, channels=st.integers(1, 3))
def test_what_is_read_is_what_was_written_less_what_is_told_as_lost(
    actions: list[tuple[str, int]], channels: int
) -> None:
    ring = Ring(64, channels, RATE_HZ)
    made = read = 0  # frames made by the driver, and accounted for by the reader
    for action, n in [*actions, *[("write", 1), ("read", 100)] * 3]:
        if action == "write":
            frames = np.repeat(np.arange(made, made + n, dtype=np.float32)[:, None], channels, axis=1)
            ring.write(frames, False, made / RATE_HZ)
            made += n
            continue
        got = ring.read(n)
        assert got.shape == (len(got), channels)
        np.testing.assert_array_equal(got[:, -1], np.arange(read, read + len(got)))
        read += len(got)
        if loss := ring.next_loss():
            read += loss.n_frames
    while ring.losses or ring.read_to < ring.written:
        got = ring.read(100)
        np.testing.assert_array_equal(got[:, 0], np.arange(read, read + len(got)))
        read += len(got)
        if loss := ring.next_loss():
            read += loss.n_frames
    assert read == made - ring._lost


def test_a_loss_of_the_driver_is_marked_where_it_happened() -> None:
    ring = Ring(100, 1, RATE_HZ)
    ring.write(np.zeros((10, 1), np.float32), True, 0.1)
    assert not ring.losses, "before the first sound nothing can be lost"
    ring.write(np.zeros((10, 1), np.float32), True, 0.2)
    assert len(ring.read(50)) == 10
    loss = ring.next_loss()
    assert loss is not None and loss.unknown and loss.index == 10 and loss.n_frames == 0
    assert ring.next_loss() is None and len(ring.read(50)) == 10


def test_lateness_follows_the_least_late_arrivals() -> None:
    lateness = Lateness(start_s=5.0)
    assert lateness.sample_at(6.0) == RATE_HZ
    for k in range(200):  # the clock of the device runs 100 ppm fast; every third block comes 40 ms late
        lateness.observe(k * RATE_HZ, 10.0 + k * (1 - 1e-4) + 0.04 * (k % 3))
    assert abs(lateness.sample_at(10.0 + 200 * (1 - 1e-4)) / RATE_HZ - 200) < 0.01
    assert lateness.late(200 * RATE_HZ, 210.5) == lateness.late(0, 210.5 - 200)
    assert lateness.late(210 * RATE_HZ, 210.0 - 0.05) == 0.0
