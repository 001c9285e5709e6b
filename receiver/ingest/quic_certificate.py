"""The certificate of one stream's QUIC server, which the sender knows by its hash.

Browsers take such a certificate where it is ECDSA P-256 and valid for two weeks at most (W3C WebTransport,
``serverCertificateHashes``). The hash travels in a sealed message, so nobody can put another in its place.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SLACK = timedelta(days=1)
"""How far the sender's clock may be from ours."""
LIFE = timedelta(days=2)
"""Longer than any cast, well under the two weeks."""


@dataclass(frozen=True)
class QuicCertificate:
    """A certificate on a fresh key; ``sha256`` is the hash of its DER form."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).digest()


def make(now: datetime) -> QuicCertificate:
    """A certificate for a stream that begins now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ddp-receiver")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("ddp-receiver")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return QuicCertificate(certificate, key)
