"""No audio, and nothing that speech could be rebuilt from, leaves the process or reaches the disk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from brokers import Mosquitto
from command_line import CommandLine

from monitor.dsp.hearing import Hearing
from monitor.publish.fleet.follow import Follower
from monitor.settings import MqttSettings

LONGEST_ARRAY = 64
"""Numbers in a row: third octaves are 31, a log-mel frame is 64, a second of loudness 500."""
BYTES_A_SECOND = 600
"""Of all durable messages, most of which are names of fields."""
PIECE = 24
"""Successive samples or bands that would give audio or features away, as bytes of any usual width."""


def numbers_in_a_row(value: Any) -> Iterator[int]:
    if isinstance(value, list):
        yield sum(isinstance(item, int | float) for item in value)
        for item in value:
            yield from numbers_in_a_row(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from numbers_in_a_row(item)


def traces(samples: np.ndarray, features: np.ndarray) -> list[bytes]:
    """What a leak would look like: pieces of the sound and of its log-mel, in the usual encodings."""
    found: list[bytes] = []
    loud = int(np.argmax(np.abs(samples)))
    for start in range(loud, loud + 50 * 960, 960):
        piece = samples[start : start + PIECE]
        found += [piece.astype("<f4").tobytes(), piece.astype("<f8").tobytes(), (piece * 32768).astype("<i2").tobytes()]
    for frame in features[100:140]:
        found += [
            frame[:PIECE].astype("<f4").tobytes(),
            frame[:PIECE].astype("<f2").tobytes(),
            frame[:PIECE].astype("<f8").tobytes(),
        ]
    return found


def test_no_audio_in_any_message_or_file(
    monitor: CommandLine, clip: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    state = tmp_path / "kept"
    monitor.configure(f'[mqtt]\nurl = "{mosquitto.url}"\nlive = "on"\ndiscovery = true\n')
    payloads: list[bytes] = []
    with Follower(MqttSettings(url=mosquitto.url)) as follower:
        while follower.state != "connected":
            follower.receive(0.1)
        outcome = monitor("run", "--source", clip, "--fast", "--json", "--state", state)
        for received in follower:
            payloads.append(received.payload)
            if received.kind == "status" and b"offline" in received.payload:
                break
    assert outcome.code == 0 and len(payloads) > 10
    samples, rate = soundfile.read(clip, dtype="float64")
    seconds = len(samples) / rate
    features = Hearing().process(samples * 2.835798).mel.log_mel
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "random_bundle" not in str(path)]
    names = {path.name for path in files}
    assert {"history.db", "outbox.db"} <= names
    kept = [path.read_bytes() for path in files] + payloads + [outcome.out.encode(), outcome.err.encode()]
    for trace in traces(samples, features):
        assert not any(trace in content for content in kept)
    for payload in payloads:
        assert max(numbers_in_a_row(json.loads(payload)), default=0) < LONGEST_ARRAY
    durable = [p for p in payloads if b'"seq"' in p]
    assert sum(map(len, durable)) / seconds < BYTES_A_SECOND
    for name in names:
        assert not name.endswith((".wav", ".flac", ".ogg", ".pcm", ".npy", ".npz", ".mel"))


def test_the_only_bands_that_are_told_are_of_a_second_or_longer(monitor: CommandLine, clip: Path) -> None:
    outcome = monitor("run", "--source", clip, "--fast", "--json")
    for kind, record in outcome.records:
        if "bands_Leq" in json.dumps(record):
            interval = record.get("summary", record)
            assert interval["duration_s"] >= 60, kind
