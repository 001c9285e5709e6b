"""Targets: HTTP requests of native clients, from their headers to their bodies, and the audit log's lines."""

import gzip
import hashlib

import brotli
import jwt

from receiver.ddp.bodies import BodyRefused, decode
from receiver.ddp.compression import chosen
from receiver.trust.audit import BrokenChain, Chain, Happening, read_line
from receiver.trust.encoding import EncodingError, b64encode
from receiver.trust.limits import RateLimited
from receiver.trust.replay import SeenBefore
from receiver.trust.requests import Asked, NotAllowed, NotAuthentic, RequestKeys, request_mac
from tests.fuzz.target import Target, latin, pack, unpack
from tests.fuzz.trust_targets import KEYS, NOW, SESSION, THEM, TOKEN, URL, US

NAMES = ("x-nonce", "x-auth", "authorization", "dpop")
NONCE = bytes(16)
BODY = b'{"seconds":5}'
JTI = "jti-1"
LIMIT = 4096


def asked(values: list[bytes], body: bytes) -> Asked:
    headers = {name: latin(value) for name, value in zip(NAMES, values, strict=False)}
    return Asked("POST", "/api/status", URL, headers, body)


def valid() -> bytes:
    said = {
        "jti": "one",
        "htm": "POST",
        "htu": URL,
        "iat": NOW,
        "ath": b64encode(hashlib.sha256(TOKEN.encode()).digest()),
    }
    proof = jwt.encode(said, THEM.key, "ES256", headers={"typ": "dpop+jwt", "jwk": THEM.public.jwk})
    mac = request_mac(KEYS.key("auth c2s", JTI), asked([], BODY), SESSION, NONCE)
    values = (b64encode(NONCE), b64encode(mac), f"DPoP {TOKEN}", proof)
    return pack(*(value.encode() for value in values), BODY)


def request(data: bytes) -> None:
    """Only what the session's sender asked is authentic, and nothing passes without a token and a proof of its key."""
    *values, body = (*unpack(data), b"")[:5] if data else (b"",)
    one, keys = asked(values, body), RequestKeys(KEYS, JTI, THEM.public)
    try:
        assert keys.authenticate(one) == NONCE
        assert body == BODY
    except (NotAuthentic, EncodingError):
        keys.permit(one, NONCE, US.public, "tv-1", NOW, 0)
        raise


def body(data: bytes) -> None:
    """Nothing comes out that is larger than allowed."""
    coding, _, sent = data.partition(b"\n")
    assert len(decode(sent, latin(coding), LIMIT)) <= LIMIT


def accept_encoding(data: bytes) -> None:
    assert chosen(latin(data)) in ("br", "gzip", None)


def audit_line(data: bytes) -> None:
    """A line says what its hash covers."""
    entry = read_line(data)
    assert data.endswith(f',"hash":"{entry.hash}"}}'.encode())


LINE = Chain().add(Happening(NOW, "paired", "Anna", "fp", (("by", "pin"),)))[0].rstrip(b"\n")

TARGETS = (
    Target(
        "request", request, (NotAuthentic, EncodingError, NotAllowed, SeenBefore, RateLimited), (valid(),), (b"DPoP ",)
    ),
    Target(
        "body",
        body,
        (BodyRefused,),
        (
            b"gzip\n" + gzip.compress(BODY),
            b"br\n" + brotli.compress(BODY),
            b"\n" + BODY,
            b"br\n" + brotli.compress(bytes(9999)),
        ),
        (b"gzip\n", b"br\n", b"identity\n"),
    ),
    Target(
        "accept-encoding", accept_encoding, (), (b"gzip, deflate, br;q=0.5, *;q=0",), (b";q=", b"br", b"nan", b"1e9")
    ),
    Target("audit", audit_line, (BrokenChain,), (LINE,), (b'"hash":', b'"prev":')),
)
