"""Input devices, by names that survive a reboot."""

import re
from dataclasses import dataclass
from typing import Any

from monitor.sources.contract import DeviceError, SourceError

BUSY, WRONG_RATE, HOST_ERROR = -9985, -9997, -9999
"""PortAudio's paDeviceUnavailable, paInvalidSampleRate and paUnanticipatedHostError."""


class DeviceAway(SourceError):
    """The device cannot be opened now, but may be later (exit code 69)."""


@dataclass(frozen=True, slots=True)
class InputDevice:
    """What sound can be captured from."""

    index: int
    name: str
    """Stable: without the card number, which may change at the next start."""
    system_name: str
    """As the audio system tells it now."""
    channels: int
    rate_hz: int
    """The device's own rate, Hz."""
    is_default: bool
    system: str
    """Audio system: ALSA, Core Audio, ..."""


def load_sounddevice() -> Any:
    """Import the `sounddevice` module; raises DeviceError, which says what to install, where PortAudio is missing."""
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(
            f"Microphones need the PortAudio library ({error}): install it with 'apt install libportaudio2'."
        ) from None
    return sounddevice


def stable_name(system_name: str) -> str:
    """Return a device's name without the numbers that the system deals out at each start."""
    return re.sub(r"\s*[(\[]?\b(plug)?hw:\d+(,\d+)?[)\]]?", "", system_name).rstrip(" :-") or system_name


def list_inputs(sd: Any) -> list[InputDevice]:
    """Return all input devices that the audio system knew when it was last initialised."""
    default = sd.default.device[0]
    if default < 0:
        default = next((api["default_input_device"] for api in sd.query_hostapis()), -1)
    return [
        InputDevice(
            index=index,
            name=stable_name(device["name"]),
            system_name=device["name"],
            channels=device["max_input_channels"],
            rate_hz=round(device["default_samplerate"]),
            is_default=index == default,
            system=sd.query_hostapis(device["hostapi"])["name"],
        )
        for index, device in enumerate(sd.query_devices())
        if device["max_input_channels"] > 0
    ]


def find_input(sd: Any, wanted: str | None) -> InputDevice:
    """Return the device whose name is, or else contains, what is wanted, or the default one; raises DeviceAway."""
    devices = list_inputs(sd)
    if not devices:
        raise DeviceAway("there is no input device")
    if wanted is None:
        return next((device for device in devices if device.is_default), devices[0])
    want = wanted.casefold()
    for matches in (
        [device for device in devices if want in (device.name.casefold(), device.system_name.casefold())],
        [device for device in devices if want in device.system_name.casefold()],
    ):
        if matches:
            return matches[0]
    raise DeviceAway(f"no input device has {wanted!r} in its name (there are: {', '.join(d.name for d in devices)})")


def reason(device: InputDevice, error: Any) -> str:
    """Return what a PortAudioError at opening means, in words."""
    code = _code(error)
    if code == BUSY:
        return f"{device.name} is in use by another program"
    if code == WRONG_RATE:
        return f"{device.name} does not offer the rate asked for"
    host = error.args[2][2] if len(error.args) > 2 else str(error.args[0]).rsplit(": ", 1)[-1]
    return f"{device.name} cannot be opened ({host or 'no reason given'})"


def why_no_default_input() -> str | None:
    """Return why there is no default microphone, or None when there is one, though it be in use."""
    try:
        sd = load_sounddevice()
        device = find_input(sd, None)
    except (DeviceError, DeviceAway) as error:
        return str(error)
    try:
        sd.check_input_settings(device=device.index, channels=1, samplerate=device.rate_hz)
    except sd.PortAudioError as error:
        if _code(error) == HOST_ERROR:  # a sound server without a source
            return reason(device, error)
    return None


def _code(error: Any) -> int | None:
    return next((argument for argument in error.args if isinstance(argument, int)), None)
