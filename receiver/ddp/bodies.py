"""Bodies of HTTP requests: bounded as they come, and bounded again where gzip or br makes them larger. Pure."""

import zlib
from collections.abc import Callable

import brotli

from receiver.errors import PeerError

MAX_BODY = 64 * 1024
"""Bytes of a request's body, as sent and as decoded."""

_GZIP = 16 + zlib.MAX_WBITS


class BodyRefused(PeerError):
    """A body that is not taken; ``status``: HTTP's word for why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def too_big(most: int = MAX_BODY) -> BodyRefused:
    return BodyRefused(413, f"The body is too big; at most {most} bytes are taken.")


def decode(body: bytes, coding: str, most: int = MAX_BODY) -> bytes:
    """``body`` without its content coding: "gzip", "br", or none (RFC 9110 section 8.4). Raises BodyRefused.

    Never more than ``most`` bytes come out of a decoder, so a small body can't fill the memory.
    """
    match coding.strip().lower():
        case "" | "identity":
            if len(body) > most:
                raise too_big(most)
            return body
        case "gzip" | "x-gzip":
            return _bounded(_gunzip, body, most)
        case "br":
            return _bounded(_unbrotli, body, most)
    raise BodyRefused(415, "The body's Content-Encoding is not known here. Use gzip, br, or none.")


def _bounded(decoder: Callable[[bytes, int], tuple[bytes, bool]], body: bytes, most: int) -> bytes:
    try:
        decoded, whole = decoder(body, most + 1)
    except (zlib.error, brotli.error) as error:
        raise BodyRefused(400, "The body is not what its Content-Encoding says.") from error
    if len(decoded) > most:
        raise too_big(most)
    if not whole:
        raise BodyRefused(400, "The body ends before what its Content-Encoding says is whole, or goes on after it.")
    return decoded


def _gunzip(body: bytes, most: int) -> tuple[bytes, bool]:
    decoder = zlib.decompressobj(_GZIP)
    decoded = decoder.decompress(body, most)
    return decoded, decoder.eof and not decoder.unused_data


def _unbrotli(body: bytes, most: int) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    decoded = decoder.process(body, output_buffer_limit=most)
    return decoded, decoder.is_finished()
