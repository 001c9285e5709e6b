"""Who a device is: a P-256 key, named by its RFC 7638 thumbprint. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from receiver.errors import ProtocolError
from receiver.trust.encoding import b64decode, b64encode

SIGNATURE_BYTES = 64
_COORDINATE = 32
_MEMBERS = frozenset({"kty", "crv", "x", "y"})
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class BadKey(ProtocolError):
    """A JWK that is not a public P-256 key."""


@dataclass(frozen=True)
class PublicIdentity:
    """The public half of a device's identity. ``x`` and ``y``: 32 bytes each, a point on P-256."""

    x: bytes
    y: bytes

    @property
    def jwk(self) -> dict[str, str]:
        """RFC 7517, with the required members alone."""
        return {"kty": "EC", "crv": "P-256", "x": b64encode(self.x), "y": b64encode(self.y)}

    @cached_property
    def thumbprint(self) -> bytes:
        """32 bytes: SHA-256 of the key's canonical JSON (RFC 7638)."""
        return hashlib.sha256(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")).encode()).digest()

    @property
    def fingerprint(self) -> str:
        """The thumbprint as text, as it stands in tokens, TXT records and the device list."""
        return b64encode(self.thumbprint)

    @cached_property
    def key(self) -> ec.EllipticCurvePublicKey:
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(self.x, "big"), int.from_bytes(self.y, "big"), ec.SECP256R1()
        )
        return numbers.public_key()

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` (r‖s, 64 bytes) over ``data`` is this identity's."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self.key.verify(encode_dss_signature(r, s), data, _ALGORITHM)
        except InvalidSignature:
            return False
        return True


def parse_jwk(jwk: Mapping[str, object]) -> PublicIdentity:
    """The identity that a peer's JWK states. Raises BadKey or EncodingError.

    Members other than the four of a public key are refused: a private ``d`` should never have been sent.
    """
    if set(jwk) != _MEMBERS:
        raise BadKey("jwk must have exactly the members kty, crv, x and y")
    kty, crv, x, y = jwk["kty"], jwk["crv"], jwk["x"], jwk["y"]
    if kty != "EC" or crv != "P-256":
        raise BadKey('jwk must be a P-256 key: kty "EC" and crv "P-256"')
    if not isinstance(x, str) or not isinstance(y, str):
        raise BadKey("jwk.x and jwk.y must be strings")
    public = PublicIdentity(b64decode(x, _COORDINATE, "jwk.x"), b64decode(y, _COORDINATE, "jwk.y"))
    try:
        _ = public.key
    except ValueError as error:
        raise BadKey("jwk is not a point on P-256") from error
    return public


class Identity:
    """A device's own key pair."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise ValueError(f"an identity is a P-256 key, not {key.curve.name}")
        numbers = key.public_key().public_numbers()
        self.key = key
        self.public = PublicIdentity(numbers.x.to_bytes(_COORDINATE, "big"), numbers.y.to_bytes(_COORDINATE, "big"))

    @classmethod
    def generate(cls) -> "Identity":
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256 as r‖s, 64 bytes (the form of WebCrypto and RFC 7518)."""
        r, s = decode_dss_signature(self.key.sign(data, _ALGORITHM))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
