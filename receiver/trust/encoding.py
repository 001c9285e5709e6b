"""How the trust chain writes bytes: ``lv`` and strict base64url (DDP.md section 10). Pure."""

import base64
import binascii

from receiver.errors import ProtocolError


class EncodingError(ProtocolError):
    """A binary value of a message is not what the protocol asks for."""


def prepend_length(part: bytes) -> bytes:
    """``part`` after its length as LEB128 (draft-irtf-cfrg-cpace, ``prepend_len``)."""
    length = len(part)
    prefix = bytearray()
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + part


def lv(*parts: bytes | str) -> bytes:
    """Length-prefixed concatenation; strings as UTF-8. Injective: no two lists of parts give the same bytes."""
    return b"".join(prepend_length(part.encode() if isinstance(part, str) else part) for part in parts)


def b64encode(data: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64decode(text: str, length: int, field: str) -> bytes:
    """The ``length`` bytes of ``field`` that ``text`` encodes. Raises EncodingError.

    Strict: no padding, no other alphabet, no stray low bits, so each value has exactly one spelling.
    """
    expected = (length * 4 + 2) // 3
    if len(text) != expected:
        raise EncodingError(f"{field} has {len(text)} characters; {length} bytes in base64url take {expected}")
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise EncodingError(f"{field} is not base64url without padding (RFC 4648 section 5)") from error
    if b64encode(data) != text:
        raise EncodingError(f"{field} is not the canonical base64url of its {length} bytes")
    return data


def printable(error: Exception) -> str:
    """What an error says, fit for an answer even where it repeats a peer's own text, as libraries' errors do."""
    return str(error)[:256].encode("ascii", "backslashreplace").decode("ascii")
