"""CPace over X25519 and SHA-512 (draft-irtf-cfrg-cpace-21, CPACE-X25519-SHA512, initiator-responder). Pure.

Scalar multiplication is OpenSSL's, in constant time. ``generator`` is not: Elligator2 runs on Python integers, whose
time depends on their values, and so in principle on the PIN. What limits this: a PIN is drawn by us, lives for
minutes and a few tries, and every try has another session id, so that no two measurements are of the same numbers.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from receiver.errors import PeerError
from receiver.trust.encoding import lv, prepend_length

SHARE_BYTES = 32
SCALAR_BYTES = 32
BASE_POINT = (9).to_bytes(SHARE_BYTES, "little")
"""X25519's own (RFC 7748 section 4.1), for an exchange without a shared secret."""

_DSI = b"CPace255"
_DSI_ISK = b"CPace255_ISK"
_HASH_BLOCK = 128
_P = 2**255 - 19
_A = 486662


class BadShare(PeerError):
    """The peer's public share is not a usable point."""


def generator(prs: bytes, ci: bytes, sid: bytes) -> bytes:
    """The session's generator, 32 bytes: ``calculate_generator`` of the draft, section 7.2.

    ``prs``: the shared secret; ``ci``: both parties' identities; ``sid``: what makes this session unique.
    """
    padding = max(0, _HASH_BLOCK - 1 - len(prepend_length(prs)) - len(prepend_length(_DSI)))
    digest = hashlib.sha512(lv(_DSI, prs, bytes(padding), ci, sid)).digest()
    return _elligator2(digest[:32]).to_bytes(32, "little")


def _elligator2(field_element: bytes) -> int:
    """Map 32 bytes to a u-coordinate of Curve25519 (RFC 9380 section 6.7.1, with Z = 2 and B = 1)."""
    r = int.from_bytes(field_element, "little") & ((1 << 255) - 1)
    v = -_A * pow(1 + 2 * r * r, -1, _P) % _P
    is_square = pow((v**3 + _A * v * v + v) % _P, (_P - 1) // 2, _P) == 1
    return v if is_square else (-v - _A) % _P


def multiply(scalar: bytes, point: bytes) -> bytes:
    """``scalar_mult_vfy``: X25519, 32 bytes. Raises BadShare for a point of low order, whose result is zero."""
    if len(point) != SHARE_BYTES:
        raise BadShare(f"a share has {len(point)} bytes; it takes {SHARE_BYTES}")
    try:
        return X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError as error:
        raise BadShare("the share is a point of low order, which would make the key predictable") from error


def session_key(sid: bytes, k: bytes, ya: bytes, ad_a: bytes, yb: bytes, ad_b: bytes) -> bytes:
    """ISK, 64 bytes, over the ordered transcript (draft section 6.2)."""
    return hashlib.sha512(lv(_DSI_ISK, sid, k) + lv(ya, ad_a) + lv(yb, ad_b)).digest()
