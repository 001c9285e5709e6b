"""The self-signed HTTPS certificate of the box's own page.

It gives browsers the secure context that screen capture needs. Trust does not rest on it: pairing does not.
"""

import ipaddress
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from receiver.trust.files import StateError, read_private, write_private
from receiver.trust.identity_file import to_pem

LIFE = timedelta(days=397)
"""The longest that browsers accept."""
RENEW_BEFORE = timedelta(days=30)
MAX_COMMON_NAME = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CertificateFiles:
    """Where the certificate and its key lie, both PEM. ``renewed``: this call has made them."""

    certificate: Path
    key: Path
    renewed: bool


def subject_names(hostname: str, display_id: str, addresses: Collection[str]) -> list[x509.GeneralName]:
    """What the certificate is for: the names a person may type, and the addresses that the TV shows."""
    host = hostname.removesuffix(".local").lower()
    dns = dict.fromkeys([host, f"{host}.local", f"{display_id.lower()}.local", "localhost"])
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in dns if name.isascii()]
    ips = {ipaddress.ip_address(address.partition("%")[0]) for address in (*addresses, "127.0.0.1", "::1")}
    names += [x509.IPAddress(ip) for ip in sorted(ips, key=lambda ip: (ip.version, int(ip)))]
    return names


def build_certificate(
    names: list[x509.GeneralName], common_name: str, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate on a fresh P-256 key, valid from a day before ``now`` (clocks differ) for ``LIFE``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:MAX_COMMON_NAME])])
    start = now - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def still_good(certificate: x509.Certificate, names: list[x509.GeneralName], now: datetime) -> bool:
    """Whether ``certificate`` covers ``names`` and has more than ``RENEW_BEFORE`` left."""
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE:
        return False
    try:
        covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return set(names) <= set(covered)


def ensure_certificate(
    state: Path, hostname: str, display_id: str, addresses: Collection[str], now: datetime | None = None
) -> CertificateFiles:
    """The certificate in ``state``; remade where it is missing, damaged, near its end, or lacks a name or address.

    Raises StateError.
    """
    now = now or datetime.now(UTC)
    certificate_path, key_path = state / "https.crt", state / "https.key"
    names = subject_names(hostname, display_id, addresses)
    if _loads(read_private(certificate_path), read_private(key_path), names, now):
        return CertificateFiles(certificate_path, key_path, renewed=False)
    certificate, key = build_certificate(names, display_id, now)
    write_private(key_path, to_pem(key))
    write_private(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
    log.info("made the HTTPS certificate in %s, valid until %s", certificate_path, certificate.not_valid_after_utc)
    return CertificateFiles(certificate_path, key_path, renewed=True)


def certificate_hash(certificate: Path) -> bytes:
    """SHA-256 of the certificate as DER, by which a client tells which one it has met. Raises StateError."""
    pem = read_private(certificate)
    if pem is None:
        raise StateError(f"The certificate {certificate} is gone; start the receiver again, which makes a new one")
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256())


def _loads(certificate_pem: bytes | None, key_pem: bytes | None, names: list[x509.GeneralName], now: datetime) -> bool:
    if certificate_pem is None or key_pem is None:
        return False
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError):
        return False
    return key.public_key() == certificate.public_key() and still_good(certificate, names, now)
