"""Changes of local time: a file heard across each, on the simulated clock of file runs."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from brokers import Mosquitto

from benchmarks.soak.cycle import Outcome
from benchmarks.soak.ear import Ear
from benchmarks.soak.rig import PROGRAM
from benchmarks.soak.witness import Witness
from monitor.settings import MqttSettings

ZONES = ("Europe/Amsterdam", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Beirut")
"""An hour, an hour, a half-hour zone, a change of half an hour, a change at midnight."""
YEAR = 2025
SITE, NODE = "soak", "dst"
WHAT = "local time changes: minutes go on in UTC, the day is 23, 23.5, 24.5 or 25 h long"


def changes() -> list[tuple[str, datetime, float]]:
    """Return zone, UTC time and hours by which local time moves, of all changes of a year."""
    found = []
    for name in ZONES:
        zone, hour = ZoneInfo(name), datetime(YEAR, 1, 1, tzinfo=UTC)
        while hour.year == YEAR:
            later = hour + timedelta(minutes=30)
            before, after = hour.astimezone(zone).utcoffset(), later.astimezone(zone).utcoffset()
            if before != after:
                assert before is not None and after is not None
                found.append((name, later, (after - before).total_seconds() / 3600))
            hour = later
    return found


def dst(times: int, folder: Path, programme: Path, advance: Callable[[], None]) -> Outcome:
    """Hear the programme across so many changes; the change lies in its middle."""
    outcome = Outcome("dst", WHAT, without_levels_s=0.0)
    broker = Mosquitto(folder / "broker")
    ear = Ear(MqttSettings(url=broker.url), SITE, NODE, Witness())
    for number, (zone, at, moved_h) in enumerate((changes() * times)[:times]):
        state = folder / f"state{number}"
        state.mkdir()
        config = folder / "monitor.toml"
        config.write_text(
            f'[node]\nsite = "{SITE}"\nname = "{NODE}"\ntime_zone = "{zone}"\n'
            f'[aggregate]\nperiod_min = 1\n[mqtt]\nurl = "{broker.url}"\nlive = "off"\n'
        )
        begin = at - timedelta(minutes=1)
        command: list[str | Path] = [
            PROGRAM,
            "run",
            "--source",
            programme,
            "--fast",
            "--json",
            "--start",
            begin.isoformat(),
        ]
        done = subprocess.run([*command, "--config", config, "--state", state], capture_output=True, text=True)
        outcome.times += 1
        if done.returncode:
            outcome.failures.append(f"{zone}: exit code {done.returncode}: {done.stderr.strip()[-200:]}")
            continue
        records = [(r["type"], r["record"]) for r in map(json.loads, done.stdout.splitlines())]
        outcome.messages += len(records)
        _judge(outcome, zone, at, moved_h, records)
        advance()
    ear.drained(outcome.messages)
    outcome.lost = outcome.messages - sum(len(numbers) for numbers in ear.numbers.values())
    ear.close()
    broker.stop()
    return outcome


def _judge(outcome: Outcome, zone: str, at: datetime, moved_h: float, records: list[tuple[str, dict]]) -> None:  # type: ignore[type-arg]
    minutes = [record for kind, record in records if kind == "MinuteSummary"]
    starts = [datetime.fromisoformat(minute["start"]) for minute in minutes]
    if starts != [at - timedelta(minutes=1), at]:
        outcome.failures.append(f"{zone}, {at}: minutes at {starts}")
    assert outcome.without_levels_s is not None
    outcome.without_levels_s += sum(60 * (1 - minute["quality"]["coverage"]) for minute in minutes)
    days = {r["summary"]["day"]["date"]: r["summary"] for kind, r in records if kind == "Digest"}
    for local, expected_h in lengths(zone, at, moved_h).items():
        heard_h = days[local]["duration_s"] / 3600 if local in days else None
        if heard_h != expected_h:
            outcome.failures.append(f"{zone}, {local}: a day of {heard_h} h, expected {expected_h}")
    said = ", ".join(f"{local} has {day['duration_s'] / 3600:g} h" for local, day in days.items())
    outcome.operator = f"digest: {zone}: {said}"


def lengths(zone: str, at: datetime, moved_h: float) -> dict[str, float]:
    """Return the length of each local day that was heard a part of, h."""
    seconds = timedelta(seconds=30)
    before, after = ((at + sign * seconds).astimezone(ZoneInfo(zone)).date() for sign in (-1, 1))
    if before == after:
        return {before.isoformat(): 24.0 - moved_h}
    return {before.isoformat(): 24.0, after.isoformat(): 24.0 - moved_h} if moved_h > 0 else {}
