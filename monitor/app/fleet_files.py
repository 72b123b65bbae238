"""The files of a provisioned fleet: a folder for each node and each reader, and one for the broker."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from monitor.app import authority
from monitor.app.config import toml_value
from monitor.app.failure import Exit, Failure
from monitor.app.provisioning import Node
from monitor.publish.fleet.credentials import (
    RIGHTS_OF_READER,
    User,
    access_list,
    new_password,
    password_file,
    read_password_file,
    rights_of_node,
)
from monitor.publish.link.address import Address


@dataclass
class Outcome:
    """What a run did, by user."""

    added: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificates the broker's users accept."""

    ca_file: Path | None = None
    """The authority that issued the broker's certificate."""
    make: bool = False
    """Make an authority, and the broker's certificate with it."""


@dataclass(frozen=True, slots=True)
class FleetFiles:
    """The folder of a fleet: nodes/SITE/NAME, readers/NAME, broker/."""

    out: Path
    address: Address
    trust: Trust

    def write(self, nodes: list[Node], readers: list[str], *, revoke: bool) -> Outcome:
        """Write what the nodes, the readers and the broker need; credentials that are there stay.

        Raises Failure: 65 when somebody would lose a credential unasked or --ca is no certificate, 66 or 69 from
        `authority`, 78 when a file cannot be written.
        """
        try:
            return self._write(nodes, readers, revoke)
        except OSError as error:
            raise Failure(Exit.CONFIG, f"{error.filename or self.out} cannot be written: {error.strerror}.") from None

    def _write(self, nodes: list[Node], readers: list[str], revoke: bool) -> Outcome:
        broker, outcome = self.out / "broker", Outcome()
        passwords = broker / "passwords"
        before = read_password_file(passwords.read_text()) if passwords.is_file() else {}
        outcome.revoked = sorted(before.keys() - {node.user for node in nodes} - set(readers))
        if outcome.revoked and not revoke:
            names = ", ".join(outcome.revoked)
            raise Failure(
                Exit.BAD_INPUT, f"{names} would lose the credential in {self.out}: name them again, or say --revoke."
            )
        _folder(self.out, 0o700)
        _folder(broker, 0o755)
        certificate = self._certificate(broker)
        users = []
        for node in nodes:
            folder = self.out / "nodes" / node.user
            password = _password(folder, node.user, outcome)
            users.append(User(node.user, password, rights_of_node(node.settings)))
            _put(folder / "monitor.toml", node.toml, 0o600)
            if certificate is not None:
                _put(folder / "ca.crt", certificate, 0o644)
        for name in readers:
            folder = self.out / "readers" / name
            users.append(User(name, _password(folder, name, outcome), RIGHTS_OF_READER))
            if certificate is not None:
                _put(folder / "ca.crt", certificate, 0o644)
            _put(folder / "monitor.toml", self._reader(folder, name, certificate is not None), 0o600)
        users.sort(key=lambda user: user.name)
        _put(broker / "acl", access_list(users), 0o644)
        _put(passwords, password_file(users, before), 0o644)
        for name in outcome.revoked:
            shutil.rmtree(self.out / ("nodes" if "/" in name else "readers") / name, ignore_errors=True)
        return outcome

    def _certificate(self, broker: Path) -> str | None:
        if self.trust.make:
            return authority.certificate(broker / "ca.crt", self.out / "ca.key", broker, self.address.host)
        if self.trust.ca_file is None:
            return None
        certificate = self.trust.ca_file.read_text(errors="replace")
        if "-----BEGIN CERTIFICATE-----" not in certificate:
            raise Failure(
                Exit.BAD_INPUT,
                f"{self.trust.ca_file} holds no certificate in PEM; openssl x509 -inform der makes one of DER.",
            )
        return certificate

    def _reader(self, folder: Path, name: str, own_authority: bool) -> str:
        scheme, here = "mqtts" if self.address.tls else "mqtt", folder.resolve()
        keys = {"url": f"{scheme}://{self.address}", "username": name, "password_file": here / "password"}
        if own_authority:
            keys["ca_file"] = here / "ca.crt"
        lines = (f"{key} = {toml_value(value)}" for key, value in keys.items())
        return "\n".join(("# For `subscribe`, `bridge` and `fleet collect`: --config THIS FILE", "[mqtt]", *lines, ""))


def _password(folder: Path, user: str, outcome: Outcome) -> str:
    """Return a user's password: the one that is there, else a new one."""
    _folder(folder, 0o700)
    path = folder / "password"
    if path.is_file() and (there := path.read_text().strip()):
        outcome.kept.append(user)
        return there
    made = new_password()
    _put(path, f"{made}\n", 0o600)
    outcome.added.append(user)
    return made


def _folder(path: Path, mode: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)


def _put(path: Path, text: str, mode: int) -> None:
    """Write a file in one step; nobody may read more of it meanwhile than `mode` says."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    part.chmod(mode)
    part.replace(path)
