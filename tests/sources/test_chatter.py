"""Native libraries are kept from writing over the screen; Python is not."""

import subprocess
import sys


def test_only_what_python_writes_reaches_standard_error() -> None:
    code = (
        "import os, sys; from monitor.sources.chatter import silence_native_chatter as silence; silence(); silence();"
        "os.write(2, b'native\\n'); print('own', file=sys.stderr); 1 / 0"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "native" not in result.stderr
    assert result.stderr.startswith("own\n") and "ZeroDivisionError" in result.stderr
