"""The node, run as users run it, loses the last seconds to kill -9, and not the minute."""

import json
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import CommandLine
from virtual_microphone import DEVICE, virtual_microphone, wait_for

from monitor.settings import AggregateSettings
from monitor.store.draft import DraftFile
from monitor.store.history import History

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def held_s(state: Path) -> float:
    """Return how many seconds of levels a state folder holds, in minutes that were told and in drafts."""
    if not (draft := state / "minute.draft").exists():
        return 0.0
    copy = shutil.copy(draft, state.parent / "copy.draft")
    minutes = dict(History(state / "history.db", AggregateSettings(), "UTC").recall(NOW - DAY, NOW + DAY).minutes)
    return sum(stats.frames for stats in (minutes | dict(DraftFile(Path(copy)).read())).values()) / 8


@pytest.mark.long
def test_what_a_killed_node_heard_is_told_by_the_next_one(monitor: CommandLine) -> None:
    monitor.configure(f'[audio]\ndevice = "{DEVICE}"\n')
    state = monitor.folder / "state"
    with virtual_microphone() as microphone:

        def start() -> "subprocess.Popen[str]":
            options = ("--source", "mic", "--json", "--dashboard", "off")
            return monitor.start("run", *options, environment=microphone.environment, stderr=subprocess.DEVNULL)

        killed = start()
        wait_for("the second draft", lambda: held_s(state) >= 10, 90)
        killed.kill()
        killed.communicate()
        held = held_s(state)
        heir = start()
        assert heir.stdout is not None
        first = json.loads(heir.stdout.readline())
        heir.send_signal(signal.SIGTERM)
        rest, _ = heir.communicate(timeout=90)
    assert first["type"] == "MinuteSummary" and first["record"]["quality"]["coverage"] > 0, "told before anything else"
    assert heir.returncode == 0 and not (state / "minute.draft").exists()
    minutes = [told["record"] for told in map(json.loads, rest.splitlines()) if told["type"] == "MinuteSummary"]
    kept = History(state / "history.db", AggregateSettings(), "UTC").stats(NOW - DAY, NOW + DAY)
    assert kept.frames / 8 >= held
    last = {minute["start"]: minute["quality"]["coverage"] for minute in (first["record"], *minutes)}
    assert sum(last.values()) * 60 == pytest.approx(kept.heard_us / 1e6, abs=0.1), "none of it counted twice"
