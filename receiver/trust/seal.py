"""Sealed frames: what every message is after pairing (DDP.md section 10). Pure.

A frame is u64 big-endian seq ‖ AES-256-GCM. Each direction has its own key, so a frame that is reflected to its
sender does not open; seq must be exactly the next number, so a frame that is replayed, left out or moved does not
either. After any failure the connection is over: nothing is retried.
"""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from receiver.errors import PeerError

OVERHEAD = 24
"""Bytes that sealing adds: 8 of seq and 16 of tag."""

_SEQ = struct.Struct(">Q")
_PREFIX = b"\x00" * 4
_CONTEXT = b"ddp.v2"


class SealError(PeerError):
    """A frame that does not open. The message never says which check failed, beyond the order of frames."""


class Sealer:
    """Seals the frames of one direction. ``key``: 32 bytes; ``session``: 16 bytes."""

    def __init__(self, key: bytes, session: bytes) -> None:
        self._aead = AESGCM(key)
        self._aad = _CONTEXT + session
        self._seq = 0

    def seal(self, message: bytes) -> bytes:
        """The next frame: ``message`` and ``OVERHEAD`` bytes."""
        seq = _SEQ.pack(self._seq)
        self._seq += 1
        return seq + self._aead.encrypt(_PREFIX + seq, message, self._aad)


class Opener:
    """Opens the frames of one direction, in order. ``key``: 32 bytes; ``session``: 16 bytes."""

    def __init__(self, key: bytes, session: bytes) -> None:
        self._aead = AESGCM(key)
        self._aad = _CONTEXT + session
        self._seq = 0
        self._broken = False

    def open(self, frame: bytes) -> bytes:
        """The message in ``frame``. Raises SealError, then for every later frame too."""
        if self._broken:
            raise SealError("an earlier frame did not open; pair again")
        self._broken = True
        if len(frame) < OVERHEAD:
            raise SealError(f"a sealed frame has at least {OVERHEAD} bytes, this one {len(frame)}")
        (seq,) = _SEQ.unpack_from(frame)
        if seq != self._seq:
            raise SealError(f"frame {seq} came where frame {self._seq} was due; frames were lost, moved or replayed")
        try:
            message = self._aead.decrypt(_PREFIX + frame[:8], frame[8:], self._aad)
        except InvalidTag as error:
            raise SealError("a sealed frame does not open: it was altered, or sealed with another key") from error
        self._seq += 1
        self._broken = False
        return message
