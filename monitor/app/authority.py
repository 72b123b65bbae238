"""A certificate authority of one's own for the brokers of a fleet, made with openssl."""

import shutil
import subprocess
import tempfile
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

from monitor.app.failure import Exit, Failure

RENEW_S = 60 * 86400
"""A certificate of the broker that ends sooner is made anew."""

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def certificate(ca: Path, ca_key: Path, broker: Path, host: str) -> str:
    """Return the authority's certificate; it, and the broker's server.crt and server.key, are made where they lack.

    The broker's certificate is made out to `host` (name or address) for 825 days, and anew when it ends within
    60 days or is for another host. Raises Failure (69) without openssl.
    """
    if shutil.which("openssl") is None:
        raise Failure(Exit.DEVICE, "openssl, which makes certificates, is missing: install it, or give --ca.")
    if not ca.is_file() or not ca_key.is_file():
        subject = ("-days", "3650", "-subj", "/CN=Soundscape Monitor fleet")
        _openssl("req", "-x509", *NEW_KEY, *subject, "-keyout", ca_key, "-out", ca)
        ca_key.chmod(0o600)
        ca.chmod(0o644)
    if not _good(broker / "server.crt", broker / "server.key", ca, host):
        _issue(ca, ca_key, broker, host)
    return ca.read_text()


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _good(certificate: Path, key: Path, ca: Path, host: str) -> bool:
    if not certificate.is_file() or not key.is_file():
        return False
    named = ("-verify_ip", host) if _is_address(host) else ("-verify_hostname", host)
    checks = (("verify", "-CAfile", ca, *named, certificate), ("x509", "-in", certificate, "-checkend", str(RENEW_S)))
    return all(_run(*check).returncode == 0 for check in checks)


def _issue(ca: Path, ca_key: Path, broker: Path, host: str) -> None:
    alternative = f"{'IP' if _is_address(host) else 'DNS'}:{host}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "extensions").write_text(f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth\n")
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
