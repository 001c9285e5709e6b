"""Targets: what proves who a peer is, and what only a proven peer could have sealed."""

import hashlib
import json
import struct

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from receiver.ddp import strict_json
from receiver.ddp.strict_json import BadJson
from receiver.trust import cpace, dpop, tokens
from receiver.trust.cpace import BadShare
from receiver.trust.dpop import BadProof
from receiver.trust.encoding import EncodingError, b64decode, b64encode
from receiver.trust.identity import BadKey, Identity, parse_jwk
from receiver.trust.keys import KeySchedule
from receiver.trust.resumption import Replayed, Request, ResumeRefused, Resumption, signed_text
from receiver.trust.seal import Opener, Sealer, SealError
from receiver.trust.tokens import BadToken
from tests.fuzz.target import Target, latin, pack, text, unpack

US = Identity(ec.derive_private_key(2**200 + 1, ec.SECP256R1()))
THEM = Identity(ec.derive_private_key(2**200 + 2, ec.SECP256R1()))
SESSION = bytes(range(16))
NOW = 1_700_000_000
KEY = bytes(range(32))
PLAIN = tuple(b'{"jsonrpc":"2.0","method":"ddp.ping","id":%d}' % number for number in range(4))
_sealer = Sealer(KEY, SESSION)
FRAMES = tuple(_sealer.seal(message) for message in PLAIN)


def sealed(data: bytes) -> None:
    """Whatever opens is what was sealed, in the order in which it was."""
    opener = Opener(KEY, SESSION)
    for message, frame in zip((*PLAIN, None), unpack(data), strict=False):
        assert opener.open(frame) == message


TOKEN = tokens.issue(US, "tv-1", THEM.public, "jti-1", "cast control", NOW)
CLAIMS = tokens.verify(TOKEN, US.public, "tv-1", NOW)


def token(data: bytes) -> None:
    """Only our own token passes: the mutations include none that keeps the signature and changes a claim."""
    assert tokens.verify(text(data), US.public, "tv-1", NOW) == CLAIMS


def other_tokens() -> tuple[bytes, ...]:
    """Well signed, and wrong in one thing each: what a bug of the issuer's might let through."""
    _, payload, _ = TOKEN.split(".")
    claims = json.loads(b64decode(payload, len(payload) * 3 // 4, "payload"))
    changes: tuple[dict[str, object], ...]
    changes = ({"exp": "soon"}, {"aud": ["tv-1"]}, {"cnf": {}}, {"exp": 1e400}, {"x": 1}, {"iat": 2**60})
    signed = [jwt.encode(claims | change, US.key, "ES256", headers={"typ": "at+jwt"}) for change in changes]
    unsigned = b64encode(b'{"alg":"none","typ":"at+jwt"}') + f".{payload}."
    hmacs = jwt.encode(claims, "a secret of thirty-two characters", "HS256", headers={"typ": "at+jwt"})
    return tuple(one.encode() for one in (*signed, unsigned, hmacs))


URL = "https://192.0.2.7:8443/api/status"
_ATH = b64encode(hashlib.sha256(TOKEN.encode()).digest())
PROOF = jwt.encode(
    {"jti": "one", "htm": "GET", "htu": URL, "iat": NOW, "ath": _ATH},
    THEM.key,
    "ES256",
    headers={"typ": "dpop+jwt", "jwk": THEM.public.jwk},
)


def proof(data: bytes) -> None:
    """Only the proof that was signed passes."""
    assert dpop.verify(text(data), THEM.public, TOKEN, "GET", URL, NOW) == "one"


def jwk(data: bytes) -> None:
    found = strict_json.decode(data)
    if isinstance(found, dict):
        assert parse_jwk(found).jwk == found


def share(data: bytes) -> None:
    assert cpace.multiply(KEY, data) != bytes(32)


def base64url(data: bytes) -> None:
    """Each value has exactly one spelling."""
    assert b64encode(b64decode(latin(data), 16, "nonce")) == latin(data)


KEYS = KeySchedule(KEY, bytes(32), "tv-1", SESSION, THEM.public.thumbprint, US.public.thumbprint)
ASKED = Request(7, TOKEN, bytes(16))
ASKING = pack(struct.pack(">Q", 7), TOKEN.encode(), bytes(16), THEM.sign(signed_text(ASKED.hash(KEYS))))


def resume(data: bytes) -> None:
    """Only the request that was signed passes."""
    count, token_text, nonce, proof = (*unpack(data), b"", b"", b"", b"")[:4]
    asked = Request(int.from_bytes(count[:8]), latin(token_text), nonce)
    Resumption(KEYS, "jti-1", THEM.public).answer(asked, proof, 3)
    assert asked == ASKED


TARGETS = (
    Target("sealed", sealed, (SealError,), (pack(*FRAMES), pack(*FRAMES[:1]), pack(FRAMES[1])), FRAMES),
    Target(
        "token",
        token,
        (BadToken,),
        (TOKEN.encode(), *other_tokens()),
        (b".", b"..", b"=", b"e30", b"eyJhbGciOiJub25lIn0"),
    ),
    Target(
        "dpop",
        proof,
        (BadProof,),
        (PROOF.encode(), jwt.encode({"htu": "http://["}, THEM.key, "ES256").encode(), TOKEN.encode()),
        (b".", b"..", b"=", b"e30"),
    ),
    Target("jwk", jwk, (BadKey, EncodingError, BadJson), (json.dumps(THEM.public.jwk).encode(),), (b'"d"', b'"P-384"')),
    Target("share", share, (BadShare,), (cpace.BASE_POINT, KEY, bytes(32), b"\xec" + b"\xff" * 30 + b"\x7f")),
    Target("base64url", base64url, (EncodingError,), (b64encode(SESSION).encode(),), (b"=", b"+", b"/")),
    Target("resume", resume, (ResumeRefused, Replayed), (ASKING,)),
)
