"""A slow processor gets longer hops, and the default back when it has time again."""

from monitor.app.hop import RECENT, HopControl


def test_windows_left_out_lengthen_the_hop() -> None:
    hop = HopControl(2.0, adaptive=True)
    hop.left_out(1)
    assert hop.choose() == 2.0
    hop.left_out(1)
    assert hop.choose() == 4.0 and hop.drops == 2


def test_slow_inference_lengthens_it_up_to_ten_seconds() -> None:
    hop = HopControl(2.0, adaptive=True)
    for _ in range(20):
        for _ in range(RECENT):
            hop.took(9.0)
        hop.choose()
    assert hop.hop_s == 10.0


def test_ample_time_brings_the_default_back_and_no_less() -> None:
    hop = HopControl(2.0, adaptive=True)
    for _ in range(RECENT):
        hop.took(3.0)
    assert hop.choose() == 4.0
    for _ in range(5 * RECENT):
        hop.took(0.05)
        hop.choose()
    assert hop.hop_s == 2.0


def test_hops_stay_on_the_grid() -> None:
    hop = HopControl(1.04, adaptive=True)
    for _ in range(5):
        hop.left_out(2)
        assert abs(hop.choose() / 0.08 - round(hop.hop_s / 0.08)) < 1e-9


def test_without_adaptation_the_hop_stays() -> None:
    hop = HopControl(2.0, adaptive=False)
    hop.left_out(9)
    assert hop.choose() == 2.0
