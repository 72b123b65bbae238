"""What a Mosquitto broker must know of its users: hashed passwords, and who may write and read what."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from monitor.publish.contract.messages import ROOT
from monitor.publish.home_assistant import own_topic
from monitor.settings import Settings

ITERATIONS = 101
"""As mosquitto_passwd has it; the passwords are random, 192 bits, so that guessing is hopeless at any number."""


@dataclass(frozen=True, slots=True)
class User:
    """A name at the broker, its password in clear, and the lines of the access list."""

    name: str
    password: str
    rights: tuple[str, ...]


def new_password() -> str:
    """Return a random password of 192 bits."""
    return secrets.token_urlsafe(24)


def rights_of_node(settings: Settings) -> tuple[str, ...]:
    """Return what a node may do: write its own topics; with discovery on, announce itself to Home Assistant."""
    site, node, mqtt = settings.node.site, settings.node.name, settings.mqtt
    rights = [f"topic write {ROOT}/{site}/{node}/#"]
    if (announced := own_topic(settings)) is not None:
        rights += [f"topic write {announced}", f"topic read {mqtt.discovery_prefix}/status"]
    return tuple(rights)


RIGHTS_OF_READER = (f"topic read {ROOT}/#", f"topic read $share/+/{ROOT}/#")
"""What collectors, bridges and people may do: read everything, write nothing."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """Return a password as Mosquitto stores it: PBKDF2 with SHA-512, `$7$iterations$salt$hash`."""
    salt = secrets.token_bytes(12) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, 64)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def fits(password: str, stored: str) -> bool:
    """Return whether a stored hash is of this password and made in this way."""
    try:
        salt = base64.b64decode(stored.split("$")[3], validate=True)
    except (IndexError, ValueError):
        return False
    return hmac.compare_digest(hashed(password, salt), stored)


def password_file(users: list[User], before: dict[str, str]) -> str:
    """Return the broker's password file; a hash that still fits stays as it was."""
    lines = []
    for user in users:
        stored = before.get(user.name, "")
        lines.append(f"{user.name}:{stored if fits(user.password, stored) else hashed(user.password)}\n")
    return "".join(lines)


def read_password_file(text: str) -> dict[str, str]:
    """Return name and hash of each user of a password file."""
    lines = (line for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return dict(line.split(":", 1) for line in lines)


def access_list(users: list[User]) -> str:
    """Return the broker's access list."""
    blocks = ("\n".join((f"user {user.name}", *user.rights)) for user in users)
    return (
        "# Made by `soundscape-monitor fleet provision`; what is changed here is lost.\n\n" + "\n\n".join(blocks) + "\n"
    )
