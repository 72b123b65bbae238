"""The doctor: what the node needs, each passed, warned of, or failed, with what to do."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from monitor.app.health import LOW_DISK_MB
from monitor.clock import kernel_synchronised
from monitor.model.bundle import Bundle, BundleError
from monitor.narrate.llm import LlmError, api_key
from monitor.publish.link.address import Address, MqttConfigError
from monitor.publish.link.connection import Lost
from monitor.publish.link.dialer import dial
from monitor.settings import Settings
from monitor.sources.calibration import CalibrationStore, CalibrationUnreadable, device_key, resolve
from monitor.sources.contract import SourceError
from monitor.sources.devices import find_input, load_sounddevice
from monitor.store.database import DatabaseError
from monitor.store.history import History
from monitor.types import RATE_HZ

STALE = timedelta(days=365)
"""A calibration older than this should be repeated (a year is usual)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    verdict: Literal["pass", "warn", "fail"]
    text: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return asdict(self)


def examine(settings: Settings, state: Path) -> Iterator[Finding]:
    """Look at everything a run needs, one finding after the other."""
    checks: tuple[Callable[[Settings, Path], Iterator[Finding]], ...] = (
        _microphone, _clock, _disk, _history, _model, _broker, _language_model,
    )  # fmt: skip
    for check in checks:
        yield from check(settings, state)


def _microphone(settings: Settings, state: Path) -> Iterator[Finding]:
    try:
        device = find_input(load_sounddevice(), settings.audio.device)
    except SourceError as error:
        yield Finding("device", "fail", str(error), "plug in a microphone; see `soundscape-monitor devices`")
        return
    yield Finding("device", "pass", f"{device.name} ({device.channels} channel(s), {device.system})")
    if device.rate_hz == RATE_HZ:
        yield Finding("rate", "pass", "48000 Hz")
    else:
        yield Finding("rate", "warn", f"{device.rate_hz} Hz, resampled to 48000 Hz", "48 kHz leaves the whole band")
    key = device_key(device.name, settings.audio.channel)
    calibration = resolve(settings.calibration, CalibrationStore(state), key)
    advice = "soundscape-monitor calibrate --level 94 --freq 1000"
    if not calibration.calibrated:
        yield Finding("calibration", "warn", calibration.text, advice)
        return
    try:
        record = CalibrationStore(state).current(key)
    except CalibrationUnreadable as error:
        yield Finding("calibration", "fail", str(error), advice)
        return
    old = record is not None and datetime.now(UTC) - record.at > STALE
    yield Finding(
        "calibration", "warn" if old else "pass", calibration.text, f"older than a year: {advice}" if old else ""
    )


def _clock(settings: Settings, state: Path) -> Iterator[Finding]:
    if kernel_synchronised():
        yield Finding("clock", "pass", f"synchronised; local days in {settings.node.time_zone}")
    else:
        yield Finding(
            "clock", "warn", "the kernel's clock is not synchronised", "switch NTP on: timedatectl set-ntp true"
        )


def _disk(settings: Settings, state: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(state).free / 1e6
    wanted = settings.aggregate.history_mb + settings.mqtt.outbox_mb
    text = f"{free:.0f} MB free in {state}; history and outbox may take {wanted} MB"
    if free < LOW_DISK_MB:
        yield Finding("disk", "fail", text, "make room, or set STATE_DIRECTORY")
    else:
        yield Finding("disk", "warn" if free < wanted else "pass", text, "" if free >= wanted else "lower history_mb")


def _history(settings: Settings, state: Path) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(dir=state):
            history = History(state / "history.db", settings.aggregate, settings.node.time_zone)
            now = datetime.now(UTC)
            minutes = history.minutes(now - timedelta(days=1), now + timedelta(minutes=1))
            history.close()
    except (OSError, DatabaseError) as error:
        yield Finding("history", "fail", str(error), "check the owner of the state folder")
        return
    newest = f", the newest {now - minutes[-1].start:} ago".split(".")[0] if minutes else ""
    yield Finding("history", "pass", f"{len(minutes)} minutes in the last 24 h{newest}")


def _model(settings: Settings, state: Path) -> Iterator[Finding]:
    try:
        bundle = Bundle.load(settings.model.bundle)
    except BundleError as error:
        yield Finding("model", "fail", str(error), "install again, or set model.bundle")
        return
    yield Finding("model", "pass", f"{bundle.id} ({bundle.manifest.network}, {bundle.manifest.precision})")


def _broker(settings: Settings, state: Path) -> Iterator[Finding]:
    if settings.mqtt.url is None:
        yield Finding("broker", "warn", "none configured: a demo broker on loopback is used", "set mqtt.url")
        return
    try:
        address = Address.of(settings.mqtt)
        dial(settings.mqtt, f"soundscape-{settings.node.site}/{settings.node.name}-doctor").close()
    except (Lost, MqttConfigError) as error:
        yield Finding("broker", "fail", f"{settings.mqtt.url}: {error}", "check mqtt.url, credentials and certificates")
        return
    if settings.mqtt.insecure_skip_verify:
        yield Finding("broker", "warn", f"{address} answers, its certificate is not verified", "set mqtt.ca_file")
    else:
        yield Finding("broker", "pass", f"{address} answers")


def _language_model(settings: Settings, state: Path) -> Iterator[Finding]:
    llm = settings.narrate.llm
    if llm.model is None:
        yield Finding("llm", "pass", "none configured: captions by template")
        return
    try:
        api_key(llm)
    except LlmError as error:
        yield Finding("llm", "fail", str(error), "set OPENAI_API_KEY or narrate.llm.api_key_file")
        return
    yield from _reach(llm.base_url or "https://api.openai.com/v1", llm.model)


def _reach(base_url: str, model: str) -> Iterator[Finding]:
    import httpx

    try:
        answer = httpx.get(f"{base_url.rstrip('/')}/models", timeout=5)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield Finding("llm", "fail", f"{base_url}: {error or type(error).__name__}", "check narrate.llm.base_url")
        return
    verdict: Literal["pass", "warn"] = "pass" if answer.status_code < 500 else "warn"
    yield Finding("llm", verdict, f"{base_url} answers ({answer.status_code}); model {model}")


def running(settings: Settings, state: Path) -> Finding:
    """Tell whether a node on this state folder has told a minute lately: for health checks of containers."""
    history = History(state / "history.db", settings.aggregate, settings.node.time_zone)
    now = datetime.now(UTC)
    minutes = history.minutes(now - timedelta(minutes=4), now)
    history.close()
    if minutes:
        return Finding("running", "pass", f"the minute of {minutes[-1].start:%H:%M} UTC is told")
    return Finding("running", "fail", "no minute was told in the last 4 min", "see the node's log")
