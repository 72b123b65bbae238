"""A certificate authority of one's own for the brokers of a fleet, made with openssl."""

import shutil
import subprocess
import tempfile
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

from monitor.app.failure import Exit, Failure

RENEW_S = 400 * 86400
"""A certificate that ends sooner is made anew: one run a year is enough."""

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
AUTHORITY = (
    "-days", "3650", "-subj", "/CN=Soundscape Monitor fleet", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
)  # fmt: skip
"""Python 3.13 and later refuse an authority that does not say what its key is for."""


def certificate(ca: Path, ca_key: Path, broker: Path, host: str) -> str:
    """Return the authority's certificate; it, and the broker's server.crt and server.key, are made where they lack.

    The broker's certificate is made out to `host` (name or address) for 825 days, and anew when it ends within
    400 days or is for another host. An authority that Python 3.13 would refuse gets a new certificate for its old
    key then: who trusts the old one is served on. Raises Failure: 69 without openssl, 66 where its key is missing.
    """
    if shutil.which("openssl") is None:
        raise Failure(Exit.DEVICE, "openssl, which makes certificates, is missing: install it, or give --ca.")
    if _good(broker / "server.crt", broker / "server.key", ca, host):
        return ca.read_text()
    if ca.is_file() and not ca_key.is_file():
        raise Failure(Exit.MISSING_INPUT, f"The broker needs a new certificate; {ca_key} is not there: put it back.")
    if not _may_sign(ca):
        key = ("-key", ca_key) if ca_key.is_file() else (*NEW_KEY, "-keyout", ca_key)
        _openssl("req", "-x509", *key, *AUTHORITY, "-out", ca)
        ca_key.chmod(0o600)
        ca.chmod(0o644)
    _issue(ca, ca_key, broker, host)
    return ca.read_text()


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _good(certificate: Path, key: Path, ca: Path, host: str) -> bool:
    if not (certificate.is_file() and key.is_file() and ca.is_file()):
        return False
    named = ("-verify_ip", host) if _is_address(host) else ("-verify_hostname", host)
    checks = (
        ("verify", "-x509_strict", "-CAfile", ca, *named, certificate),
        ("x509", "-in", certificate, "-checkend", str(RENEW_S)),
    )
    return all(_run(*check).returncode == 0 for check in checks)


def _may_sign(ca: Path) -> bool:
    shown = _run("x509", "-in", ca, "-noout", "-ext", "keyUsage", "-checkend", str(RENEW_S))
    return shown.returncode == 0 and "Certificate Sign" in shown.stdout


def _issue(ca: Path, ca_key: Path, broker: Path, host: str) -> None:
    alternative = f"{'IP' if _is_address(host) else 'DNS'}:{host}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "extensions").write_text(
            f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n"
        )
        _openssl("req", *NEW_KEY, "-subj", "/CN=broker", "-keyout", folder / "key", "-out", folder / "request")
        _openssl(
            "x509", "-req", "-in", folder / "request", "-CA", ca, "-CAkey", ca_key, "-days", "825",
            "-set_serial", f"0x{uuid4().hex[1:]}", "-extfile", folder / "extensions", "-out", folder / "certificate",
        )  # fmt: skip
        (folder / "key").chmod(0o600)
        (folder / "certificate").chmod(0o644)
        shutil.move(folder / "key", broker / "server.key")
        shutil.move(folder / "certificate", broker / "server.crt")


def _run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)


def _openssl(*arguments: str | Path) -> None:
    done = _run(*arguments)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Failure(Exit.DEVICE, f"openssl {arguments[0]} failed: {reason}.")
