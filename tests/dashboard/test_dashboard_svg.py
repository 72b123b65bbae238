"""The picture for documents is made from a recording of a node, and needs nothing from elsewhere."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from synthetic import Place
from synthetic_snapshots import snapshots

ROOT = Path(__file__).resolve().parents[2]


def test_a_recording_becomes_a_picture(tmp_path: Path) -> None:
    recording, out = tmp_path / "live.jsonl", tmp_path / "dashboard.svg"
    shown = list(snapshots(Place("park", 3), datetime(2026, 5, 9, 14, 50, tzinfo=UTC), 40))
    recording.write_text("".join(f'{{"result": {snapshot.model_dump_json()}}}\n' for snapshot in shown), "utf-8")
    command = [sys.executable, "-m", "monitor.dashboard.picture", str(recording), str(out), "100x30"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    svg = out.read_text("utf-8")
    words = " ".join(" ".join(ElementTree.fromstring(svg).itertext()).replace("\xa0", " ").split())
    assert "How it feels" in words and f"{shown[-1].LAF:.1f} dB(A)" in words
    assert "@font-face" not in svg and not re.search(r"(href|src|url)\s*[=(]\s*[\"']?https?:", svg)
