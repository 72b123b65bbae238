"""What the parts cost and how exact they are, beside their peers."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SOUNDSCAPE_SHARED", ROOT.parent / "shared"))
"""Reference data and recordings, which may be absent."""
