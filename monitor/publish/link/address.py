"""What the settings say about the broker: where it is, who we are, whom we trust."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitor.settings import MqttSettings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MqttConfigError(ValueError):
    """The settings cannot work, whatever the broker does; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, settings: MqttSettings) -> "Address":
        """Read the settings' URL; MqttConfigError when it cannot be one."""
        url = settings.url or ""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == -1 or parts.path.strip("/"):
            raise MqttConfigError(f"mqtt.url is {url!r}; it must be like mqtt://host:1883 or mqtts://host:8883")
        if parts.username or parts.password:
            raise MqttConfigError("mqtt.url must not carry a password: set mqtt.username and mqtt.password_file")
        tls = parts.scheme == "mqtts"
        if not tls and (settings.ca_file or settings.cert_file or settings.insecure_skip_verify):
            raise MqttConfigError("mqtt.ca_file, cert_file and insecure_skip_verify go with an mqtts:// url")
        if bool(settings.cert_file) != bool(settings.key_file):
            raise MqttConfigError("mqtt.cert_file and mqtt.key_file go together")
        return cls(parts.hostname, port or (8883 if tls else 1883), tls)

    @property
    def loopback(self) -> bool:
        """True when the broker is on this machine."""
        return self.host in LOOPBACK

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def password(settings: MqttSettings) -> str | None:
    """Return the broker's password from its file or from MQTT_PASSWORD; it is read anew for every connection."""
    if settings.password_file is None:
        return os.environ.get("MQTT_PASSWORD")
    return _readable(settings.password_file, "password_file").strip()


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """Return TLS 1.2 or later that checks the broker's name and certificate, unless told not to in so many words."""
    for name in ("ca_file", "cert_file", "key_file"):
        if (path := getattr(settings, name)) is not None:
            _readable(path, name)
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.cert_file and settings.key_file:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except ssl.SSLError as error:
        raise MqttConfigError(f"mqtt.ca_file, cert_file or key_file is not a usable PEM file: {error}") from error
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _readable(path: Path, name: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise MqttConfigError(f"mqtt.{name} {path} cannot be read: {reason}") from error
