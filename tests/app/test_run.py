"""The main job on files: the same each time, whatever the pace; told in sentences when it cannot be."""

import json
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from brokers import Mosquitto
from command_line import CommandLine

from monitor.publish.fleet.follow import Follower
from monitor.settings import MqttSettings


def test_two_fast_runs_are_byte_identical_and_tell_minutes_periods_and_words(monitor: CommandLine, clip: Path) -> None:
    first, second = (monitor("run", "--source", clip, "--fast", "--json") for _ in range(2))
    assert first.code == second.code == 0
    assert first.out == second.out
    kinds = [kind for kind, _ in first.records]
    assert kinds.count("MinuteSummary") == 3
    assert {"PeriodSummary", "Caption", "Digest"} <= set(kinds)
    minutes = [record for kind, record in first.records if kind == "MinuteSummary"]
    assert [m["start"] for m in minutes] == [f"2000-01-01T00:0{k}:00Z" for k in range(3)]
    assert minutes[0]["quality"]["coverage"] == 1
    assert minutes[2]["quality"]["coverage"] == pytest.approx(1 / 6, abs=0.01)
    assert minutes[0]["affect"]["isop"] is not None and minutes[0]["levels"]["LAeq"] > 40
    assert minutes[0]["quality"]["calibrated"] is False and minutes[0]["quality"]["clock"] == "simulated"


def test_real_time_gives_the_same_bytes_as_fast(monitor: CommandLine, clip: Path) -> None:
    fast = monitor("run", "--source", clip, "--fast", "--json", "--duration", "12")
    paced = monitor("run", "--source", clip, "--json", "--duration", "12")
    assert fast.code == paced.code == 0 and fast.out == paced.out


def test_a_start_time_sets_the_clock_and_the_local_day(monitor: CommandLine, clip: Path) -> None:
    monitor.configure('[node]\ntime_zone = "Europe/Amsterdam"\n')
    outcome = monitor("run", "--source", clip, "--fast", "--json", "--start", "2026-07-01T21:59:00Z")
    days = [record["summary"]["day"]["date"] for kind, record in outcome.records if kind == "Digest"]
    assert days == ["2026-07-01", "2026-07-02"]


def test_a_finished_run_has_published_every_record_to_a_real_broker(
    monitor: CommandLine, clip: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    monitor.configure(f'[mqtt]\nurl = "{mosquitto.url}"\n')
    apart = monitor("run", "--source", clip, "--fast", "--duration", "2")
    assert "run.apart" in apart.err, "a file is no news of the node's place, unless it has a state of its own"
    with Follower(MqttSettings(url=mosquitto.url)) as follower:
        while follower.state != "connected":
            follower.receive(0.1)
        assert follower.receive(0.5) == [], "not even that it was there"
    got: list[str] = []
    farewell = threading.Event()
    with Follower(MqttSettings(url=mosquitto.url)) as follower:
        while follower.state != "connected":
            follower.receive(0.1)
        outcome = monitor("run", "--source", clip, "--fast", "--json", "--state", tmp_path / "file")
        for received in follower:
            assert received.fault is None
            if received.kind.startswith("data/"):
                got.append(received.kind)
            if received.kind == "status" and b"offline" in received.payload:
                farewell.set()
                break
    wanted = {"MinuteSummary": "minute", "PeriodSummary": "period", "SoundEvent": "event", "Caption": "caption",
              "Digest": "digest", "GapRecord": "gap"}  # fmt: skip
    assert farewell.is_set()
    assert sorted(got) == sorted(f"data/{wanted[kind]}" for kind, _ in outcome.records)


def test_sigterm_tells_what_was_heard_and_ends_well(monitor: CommandLine, clip: Path) -> None:
    process = monitor.start("run", "--source", clip, "--json")
    assert process.stderr is not None
    for line in process.stderr:
        if " health " in line:  # the node runs
            break
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "MinuteSummary" in [json.loads(line)["type"] for line in out.splitlines()]


def test_sigterm_does_not_wait_for_a_silent_language_model(monitor: CommandLine, clip: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        monitor.configure(f'[narrate.llm]\nmodel = "m"\nbase_url = "{url}"\ndeadline_s = 240')
        process = monitor.start("run", "--source", clip, "--json")
        assert process.stderr is not None
        for line in process.stderr:
            if " health " in line:
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "stop.deadline" not in err
    told = [json.loads(line) for line in out.splitlines()]
    assert [entry["record"]["source"] for entry in told if entry["type"] == "Caption"] == ["template"]


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(8000, 1, "PCM_16"), (44_100, 2, "PCM_24"), (96_000, 1, "FLOAT"), (192_000, 1, "PCM_16"), (48_000, 8, "PCM_U8")],
)
def test_any_rate_width_and_number_of_channels_is_heard(
    monitor: CommandLine, make_sound: Callable[..., np.ndarray], rate: int, channels: int, subtype: str, tmp_path: Path
) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.repeat(make_sound(6, rate)[:, None], channels, axis=1), rate, subtype=subtype)
    outcome = monitor("run", "--source", path, "--fast", "--json")
    assert outcome.code == 0
    minute = next(record for kind, record in outcome.records if kind == "MinuteSummary")
    assert minute["levels"]["LAeq"] > 40 and minute["quality"]["coverage"] == pytest.approx(0.1, abs=0.003)


def test_bad_input_is_told_in_one_sentence(monitor: CommandLine, tmp_path: Path, clip: Path) -> None:
    empty, text, silent, nans = (tmp_path / name for name in ("empty.wav", "text.wav", "zero.wav", "nan.wav"))
    empty.write_bytes(b"")
    text.write_text("this is no sound")
    soundfile.write(silent, np.zeros(0), 48_000)
    soundfile.write(nans, np.full(48_000, np.nan), 48_000, subtype="FLOAT")
    for path, code in ((tmp_path / "none.wav", 66), (empty, 65), (text, 65), (silent, 65), (nans, 65)):
        outcome = monitor("run", "--source", path, "--fast")
        assert outcome.code == code and path.name in outcome.sentence, (path, outcome)
    assert monitor("run", "--fast").code == 2
    assert "ISO 8601" in monitor("run", "--source", clip, "--fast", "--start", "yesterday").sentence
    monitor.configure("[modle]\nhop_s = 2.0")
    outcome = monitor("run", "--source", clip, "--fast")
    assert outcome.code == 78 and "did you mean model" in outcome.sentence


def test_a_configured_model_must_be_there(monitor: CommandLine, clip: Path, tmp_path: Path) -> None:
    monitor.config.write_text(f'[model]\nbundle = "{tmp_path}/absent"\n')
    outcome = monitor("run", "--source", clip, "--fast")
    assert outcome.code == 78 and "absent" in outcome.sentence


def test_an_unwritable_state_folder_is_refused(monitor: CommandLine, clip: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    outcome = monitor("run", "--source", clip, "--fast", "--state", blocked / "state")
    assert outcome.code == 78 and "blocked" in outcome.sentence
