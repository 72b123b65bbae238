"""The node's own filter designs are SciPy's."""

import numpy as np
import pytest
from scipy import signal

from monitor.dsp.design import butterworth_bandpass, kaiser_beta, kaiser_taps, lowpass


@pytest.mark.parametrize("attenuation", [15.0, 35.0, 60.0, 100.0])
def test_kaiser(attenuation: float) -> None:
    assert kaiser_beta(attenuation) == pytest.approx(signal.kaiser_beta(attenuation), rel=1e-15)
    if attenuation > 21:
        assert kaiser_taps(attenuation, 0.07) == signal.kaiserord(attenuation, 0.07)[0]


def test_lowpass() -> None:
    ours = lowpass(64, 6000, 48_000, 8.0)
    np.testing.assert_allclose(ours, signal.firwin(64, 6000, window=("kaiser", 8.0), fs=48_000), atol=1e-16)


@pytest.mark.parametrize("midband", [19.95, 1000.0, 19952.6])
def test_butterworth(midband: float) -> None:
    edges = [midband * 10**-0.05, midband * 10**0.05]
    _, poles, gain = signal.butter(4, edges, "bandpass", fs=48_000, output="zpk")
    ours, our_gain = butterworth_bandpass(4, edges[0], edges[1], 48_000)
    np.testing.assert_allclose(np.sort_complex(ours), np.sort_complex(poles), rtol=0, atol=1e-13)
    assert our_gain == pytest.approx(gain, rel=1e-9)
