"""SRTP (RFC 3711) by pylibsrtp's library, without what its own wrapper allocates and looks up for each packet.

Bound to the names below, as ``aiortc_tap`` is to aiortc's; its ``check`` says in words what is gone.
"""

import pylibsrtp
from pylibsrtp._binding import ffi, lib

NAMES = ("_srtp", "_cdata", "_buffer")
"""What this file takes from a session of pylibsrtp."""


class Unprotector:
    """Decrypts the RTP packets of one session. For one thread, and for that alone the session's room is used."""

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session  # frees the pointer when it goes
        self._srtp = session._srtp[0]
        self._memory, self._buffer = session._cdata, session._buffer
        self._length = ffi.new("int *")
        self._unprotect = lib.srtp_unprotect

    def rtp(self, data: bytes) -> bytes:
        """The packet. Raises pylibsrtp.Error where it was not sent by the peer, or came before; ValueError where it is
        longer than pylibsrtp takes."""
        size = len(data)
        self._buffer[0:size] = data
        self._length[0] = size
        status = self._unprotect(self._srtp, self._memory, self._length)
        if status:
            raise pylibsrtp.Error(pylibsrtp.ERRORS[status])
        decrypted: bytes = self._buffer[0 : self._length[0]]
        return decrypted
