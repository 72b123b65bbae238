"""Faults of what stands around the node: the microphone, the broker, the language model."""

import re
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rude_server import RudeServer, answer

from benchmarks.soak.cycle import Fault, levels
from benchmarks.soak.rig import EAR, Rig
from benchmarks.soak.witness import Seen, Side, says

HEARD: tuple[Side, ...] = ("health", "snapshot")
LOST_MICROPHONE = says("waiting for the microphone|reopening the microphone|no sound for", *HEARD)
CONNECTED = says(r"mqtt\.state state=connected", "log")
DISCONNECTED = says(r"mqtt\.state state=(?!connected)", "log")


def minute_told(rig: Rig) -> Seen:
    """Wait until the node has told a minute while the fault lasts."""
    return rig.minute_after(rig.fault_at)


def unplugged(folder: Path, stack: ExitStack) -> Fault:
    """The microphone is pulled out for a second."""
    return Fault(
        "mic-unplugged",
        "the device vanishes",
        begin=lambda rig: rig.microphone.unplug(),
        end=lambda rig: rig.microphone.replug(),
        shows=LOST_MICROPHONE,
        over=levels,
        hold=lambda rig: time.sleep(1),
        silent=True,
    )


def suspended(folder: Path, stack: ExitStack) -> Fault:
    """The device stays, and delivers nothing."""
    return Fault(
        "mic-suspended",
        "the device stays and delivers nothing",
        begin=lambda rig: rig.microphone.suspend(),
        end=lambda rig: rig.microphone.resume(),
        shows=LOST_MICROPHONE,
        over=levels,
        hold=lambda rig: time.sleep(1),
        silent=True,
    )


def frozen(folder: Path, stack: ExitStack) -> Fault:
    """The audio server stops, calls into it hang, and it goes on before the node gives it up."""
    return Fault(
        "mic-frozen",
        "the audio server hangs, and goes on in time",
        begin=lambda rig: rig.microphone.freeze(),
        end=lambda rig: rig.microphone.thaw(),
        shows=LOST_MICROPHONE,
        over=levels,
        hold=lambda rig: time.sleep(1),
        silent=True,
    )


def hung(folder: Path, stack: ExitStack) -> Fault:
    """The audio server stops for longer than `hang_s` (here 5 s): the process ends, and is started afresh."""

    def end(rig: Rig) -> None:
        rig.microphone.thaw()
        rig.start()

    return Fault(
        "mic-hung",
        "the audio server hangs for good: the process ends (69)",
        begin=lambda rig: rig.microphone.freeze(),
        end=end,
        shows=says("The audio system has not answered", "log"),
        over=levels,
        hold=lambda rig: rig.witness.wait(
            "exit code 69", lambda s: s.side == "exit" and s.data == 69, rig.started_at, 40
        ),
        silent=True,
        restarts=True,
        audio="hang_s = 5",
    )


def broker_killed(folder: Path, stack: ExitStack) -> Fault:
    """The broker is killed with kill -9 while a minute is told."""
    return Fault(
        "broker-killed",
        "kill -9 of the broker",
        begin=lambda rig: rig.broker.kill(),
        end=lambda rig: rig.broker.start(),
        shows=DISCONNECTED,
        over=CONNECTED,
        hold=minute_told,
        at_turn=True,
    )


def broker_refusing(folder: Path, stack: ExitStack) -> Fault:
    """The broker is stopped while a minute is told: connections are refused."""
    return Fault(
        "broker-refusing",
        "connections are refused",
        begin=lambda rig: rig.broker.stop(),
        end=lambda rig: rig.broker.start(),
        shows=says("mqtt.state.*nothing listens", "log"),
        over=CONNECTED,
        hold=minute_told,
        at_turn=True,
    )


def broker_frozen(folder: Path, stack: ExitStack) -> Fault:
    """The broker stops (SIGSTOP) with its connections open."""
    return Fault(
        "broker-frozen",
        "connections stay, nothing is answered",
        begin=lambda rig: rig.broker.freeze(),
        end=lambda rig: rig.broker.thaw(),
        shows=DISCONNECTED,
        over=CONNECTED,
        at_turn=True,
        patience_s=100,
    )


def broker_denying(folder: Path, stack: ExitStack) -> Fault:
    """The broker comes back asking for credentials that the node does not have; the subscriber has them."""
    passwords = folder / "passwords"

    def configure(rig: Rig, before: str, after: str) -> None:
        file = rig.broker.folder / "mosquitto.conf"
        file.write_text(file.read_text().replace(before, after))
        rig.broker.restart()

    opened = "allow_anonymous true\n"
    closed = f"allow_anonymous false\npassword_file {passwords}\n"

    def begin(rig: Rig) -> None:
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, EAR, EAR], check=True, capture_output=True)
        configure(rig, opened, closed)

    return Fault(
        "broker-denying",
        "the node is not authorised",
        begin=begin,
        end=lambda rig: configure(rig, closed, opened),
        shows=says("mqtt.state state=refused", "log"),
        over=CONNECTED,
        hold=minute_told,
        at_turn=True,
        patience_s=100,
    )


def llm_hanging(folder: Path, stack: ExitStack) -> Fault:
    """The language model takes the question and never answers."""

    def truth(body: dict[str, Any]) -> dict[str, Any]:
        facts = body["messages"][1]["content"]
        names = {"LAeq": "average", "LAFmax": "highest"}
        told = [f"The {names[n]} level was {db} dB(A)." for n, db in re.findall(r"\((LAeq|LAFmax)\): (\d+) dB", facts)]
        cautions = [f"{line[2:]}." for line in facts.splitlines() if line.startswith(("- Only", "- The clock"))]
        given: dict[str, Any] = answer("What was heard", " ".join(told + cautions))
        return given

    server = RudeServer(truth)
    stack.callback(server.close)

    def set_fault(fault: str | None) -> None:
        server.fault = fault

    return Fault(
        "llm-hanging",
        "the language model never answers",
        begin=lambda rig: set_fault("hang"),
        end=lambda rig: set_fault(None),
        shows=says("language model: no answer before the deadline", *HEARD),
        over=lambda seen: seen.side in HEARD and "language model" not in seen.text,
        hold=lambda rig: rig.witness.wait(
            "a caption by template",
            lambda s: s.side == "record" and s.text == "Caption" and s.data["source"] == "template",
            rig.fault_at,
            30,
        ),
        at_turn=True,
        patience_s=130,
        config=f'[narrate.llm]\nmodel = "rude"\nbase_url = "{server.url}"\ndeadline_s = 5\ntokens_per_day = 0\n',
    )
