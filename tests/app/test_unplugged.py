"""The node, run as users run it, outlives the loss of its microphone, and says so."""

import json
import signal
import threading

from command_line import CommandLine
from virtual_microphone import DEVICE, virtual_microphone, wait_for


def test_a_node_whose_microphone_is_pulled_out_says_so_and_goes_on(monitor: CommandLine) -> None:
    monitor.configure(f'[audio]\ndevice = "{DEVICE}"\nstall_s = 0.5\nfirst_frame_s = 1\n')
    with virtual_microphone() as microphone:
        process = monitor.start("run", "--source", "mic", "--json", environment=microphone.environment)
        assert process.stderr is not None and process.stdout is not None
        lines: list[str] = []
        events: dict[str, threading.Event] = {name: threading.Event() for name in ("health", "capture.gap")}

        def follow() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                for name, event in events.items():
                    if f" {name} " in line:
                        event.set()

        follower = threading.Thread(target=follow)
        follower.start()
        try:
            assert events["health"].wait(60), lines
            microphone.unplug()
            assert events["capture.gap"].wait(20), lines
            microphone.replug()
            wait_for("news of the loss", lambda: any("audio was lost" in line for line in lines))
        finally:
            process.send_signal(signal.SIGTERM)
            out = process.stdout.read()
            follower.join(60)
            assert process.wait(60) == 0, lines
    gaps = [d["record"] for d in map(json.loads, out.splitlines()) if d["type"] == "GapRecord"]
    assert [gap["cause"] for gap in gaps] == ["vanished"]
    assert gaps[0]["duration_s"] > 0
    assert not any(line.startswith(("ALSA", "Expression")) for line in lines), "the log is the node's own"
