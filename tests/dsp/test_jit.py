"""Kernels give the same numbers with and without numba, and find somewhere to keep what was compiled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json, sys
{prepare}
import numpy as np
from monitor.dsp import jit
from monitor.dsp.hearing import Hearing
from monitor.dsp.loudness import StreamingLoudness
from monitor.dsp.resample import Resampler
x = np.random.default_rng(0).standard_normal(6_400) * np.linspace(0, 1, 6_400)
heard = Hearing().process(x)
frame = heard.levels[0]
sums = [frame.a_ms_pa2, frame.c_peak_pa, frame.laf_pa2, frame.las_max_pa2, *frame.bands_ms_pa2,
        *heard.loudness.n_sone, *heard.mel.log_mel.ravel()[:400].astype(float),
        *StreamingLoudness(specific=True).process_specific(x[:480])[1].ravel(),
        *Resampler(44_100, 48_000).process(x[:1000])]
print(json.dumps([[float(value).hex() for value in sums], "numba" in sys.modules and sys.modules["numba"] is not None]))
"""


def numbers(prepare: str = "", **environment: str) -> tuple[list[str], bool]:
    command = [sys.executable, "-c", CODE.format(prepare=prepare)]
    output = subprocess.check_output(command, env=os.environ | environment, text=True)
    values, with_numba = json.loads(output)
    return values, with_numba


@pytest.fixture(scope="module")
def compiled() -> list[str]:
    values, with_numba = numbers()
    assert with_numba
    return values


def test_without_numba_the_same_numbers(compiled: list[str]) -> None:
    """Numba is hidden from the import system."""
    hide = "import importlib.util as u; f = u.find_spec; u.find_spec = lambda n, *a: None if n == 'numba' else f(n, *a)"
    values, with_numba = numbers(prepare=hide)
    assert not with_numba
    assert values == compiled, "bit for bit"


def test_importing_the_acoustics_does_not_load_numba() -> None:
    """It takes half a second and 100 MB, which `--help` and the other commands need not pay."""
    code = "import sys, monitor.dsp.hearing, monitor.dsp.resample; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_read_only_installation_keeps_compiled_code_in_the_cache_folder(tmp_path: Path) -> None:
    code = (
        "import pathlib, monitor.dsp.jit as jit\n"
        "real = jit._writable\n"
        "jit._writable = lambda folder: folder.name != '__pycache__' and real(folder)\n"
        "import numpy as np; from monitor.dsp.loudness import loudness; loudness(np.zeros(96))\n"
        "print(jit.cache_folder())"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    environment.pop("CACHE_DIRECTORY", None)
    folder = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip()
    assert Path(folder) == tmp_path / "soundscape-monitor" / "numba"
    assert list(Path(folder).rglob("*.nbc")), "something was compiled into it"


def test_without_any_folder_it_still_runs() -> None:
    code = (
        "import monitor.dsp.jit as jit\n"
        "jit._writable = lambda folder: False\n"
        "import numpy as np; from monitor.dsp.mel import log_mel; print(log_mel(np.zeros(1600), 16_000).shape)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "(11, 64)"


def test_warm_up_leaves_nothing_to_compile() -> None:
    code = (
        "import numpy as np, numba, monitor.dsp\n"
        "monitor.dsp.warm_up()\n"
        "from numba.core import event\n"
        "from monitor.dsp.hearing import Hearing\n"
        "from monitor.dsp.resample import Resampler\n"
        "with event.install_recorder('numba:compile') as recorded:\n"
        "    hearing = Hearing('diffuse')\n"
        "    for n in (1, 100, 4800, 4801, 48_000):\n"
        "        hearing.process(np.ones(n))\n"
        "        Resampler(44_100, 48_000).process(np.ones(n, dtype=np.float32))\n"
        "print(len(recorded.buffer))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "0"
