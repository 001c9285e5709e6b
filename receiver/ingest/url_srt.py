"""MPEG-TS over SRT as a file, through libsrt: the wheels of PyAV have no SRT in their FFmpeg.

Numbers are those of libsrt's srt.h, whose ABI has kept them since 1.3. We only ever call; we never listen.
"""

import ctypes
import ctypes.util
import io
import ipaddress
import socket
import struct
from collections.abc import Sequence
from functools import cache
from urllib.parse import parse_qsl

from receiver.errors import PeerError
from receiver.ingest.url import Target, UrlRefused
from receiver.ingest.url_connect import TIMEOUT_S, Unreachable

LIBRARIES = ("srt-gnutls", "srt-openssl", "srt")
MAX_MESSAGE = 1456
_RCVTIMEO, _PASSPHRASE, _PBKEYLEN, _CONNTIMEO, _RCVLATENCY, _STREAMID = 14, 26, 27, 36, 43, 46
_ETIMEOUT, _ENOSERVER, _ECONNREJ, _ECONNLOST, _ENOCONN = 6003, 1001, 1002, 2001, 2002
_INVALID = -1
_MAX_LATENCY_MS = 8000
_MS = 1000


class SrtMissing(PeerError):
    """This machine has no libsrt."""


@cache
def _library() -> ctypes.CDLL:
    for name in LIBRARIES:
        path = ctypes.util.find_library(name)
        if path is not None:
            library = ctypes.CDLL(path)
            library.srt_getlasterror_str.restype = ctypes.c_char_p
            library.srt_startup()
            library.srt_setloglevel(2)  # LOG_CRIT: its lines would go past our log
            return library
    raise SrtMissing(
        "This display has no SRT: its library is not installed (Debian's package is libsrt1.5-gnutls). "
        "Cast an RTSP, RTMP or HTTP address instead, or install it."
    )


class SrtFile(io.RawIOBase):
    """What one SRT caller receives. Raises PeerErrors."""

    def __init__(self, target: Target, addresses: Sequence[str]) -> None:
        super().__init__()
        self._srt = _library()
        self._host = target.host
        self._buffer = ctypes.create_string_buffer(MAX_MESSAGE)
        self._rest = b""
        self._socket = _INVALID
        options = dict(parse_qsl(target.path.partition("?")[2]))
        for address in addresses:
            self._socket = self._srt.srt_create_socket()
            self._configure(options)
            name = _sockaddr(address, target.port)
            if self._srt.srt_connect(self._socket, name, len(name)) != _INVALID:
                return
            failure = self._failure()
            self._srt.srt_close(self._socket)
            self._socket = _INVALID
        raise failure

    def _configure(self, options: dict[str, str]) -> None:
        self._set(_CONNTIMEO, struct.pack("i", int(TIMEOUT_S * _MS)))
        self._set(_RCVTIMEO, struct.pack("i", int(TIMEOUT_S * _MS)))
        if passphrase := options.get("passphrase"):
            if not 10 <= len(passphrase.encode()) <= 79:
                raise UrlRefused("An SRT passphrase has 10 to 79 bytes.")
            self._set(_PASSPHRASE, passphrase.encode())
            self._set(_PBKEYLEN, struct.pack("i", _number(options, "pbkeylen", 16, (16, 24, 32))))
        if stream := options.get("streamid"):
            if len(stream.encode()) > 512:
                raise UrlRefused("An SRT stream id has at most 512 bytes.")
            self._set(_STREAMID, stream.encode())
        latency = _number(options, "latency", 120, range(_MAX_LATENCY_MS + 1))
        self._set(_RCVLATENCY, struct.pack("i", latency))

    def _set(self, option: int, value: bytes) -> None:
        if self._srt.srt_setsockflag(self._socket, option, value, len(value)) == _INVALID:
            raise UrlRefused(f"libsrt refuses what the SRT address asks for ({self._words()}).")

    def _words(self) -> str:
        return str(self._srt.srt_getlasterror_str().decode(errors="replace"))

    def _failure(self) -> PeerError:
        code = self._srt.srt_getlasterror(None)
        meaning = {
            _ENOSERVER: f"did not answer within {TIMEOUT_S:.0f} s. Check that it is on, and listens for SRT there",
            _ECONNREJ: "refused the SRT connection. Check the passphrase and the stream id",
            _ETIMEOUT: f"sent nothing for {TIMEOUT_S:.0f} s. Check that it still streams",
        }.get(code, f"ended the SRT connection ({self._words()})")
        return Unreachable(f"{self._host} {meaning}.")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes of what came, one message at a time; empty when the other side ended it."""
        if not self._rest:
            count = self._srt.srt_recvmsg(self._socket, self._buffer, MAX_MESSAGE)
            if count == _INVALID:
                if self._srt.srt_getlasterror(None) in (_ECONNLOST, _ENOCONN):
                    return b""
                raise self._failure()
            self._rest = self._buffer.raw[:count]
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def close(self) -> None:
        if self._socket != _INVALID:
            self._srt.srt_close(self._socket)
            self._socket = _INVALID
        super().close()


def _number(options: dict[str, str], name: str, default: int, allowed: Sequence[int]) -> int:
    text = options.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) in allowed):
        bound = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else ", ".join(map(str, allowed))
        raise UrlRefused(f"An SRT address's {name} is one of {bound}, not {text[:20]!r}.")
    return int(text)


def _sockaddr(address: str, port: int) -> bytes:
    """struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)) of Linux."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + ip.packed + bytes(8)
    return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, 0) + ip.packed + bytes(4)
