"""Requests of a session: authentic, permitted, new; and answers that only the display can have made."""

import hashlib
import secrets
from dataclasses import replace

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import PeerError
from receiver.trust import tokens
from receiver.trust.encoding import EncodingError, b64decode, b64encode
from receiver.trust.identity import Identity
from receiver.trust.keys import KeySchedule
from receiver.trust.limits import RateLimited
from receiver.trust.replay import MAX_ENTRIES, SeenBefore
from receiver.trust.requests import (
    WINDOW_NS,
    Asked,
    NotAllowed,
    NotAuthentic,
    RequestKeys,
    answer_mac,
    request_mac,
    session_of,
)

DISPLAY, SENDER, OTHER = Identity.generate(), Identity.generate(), Identity.generate()
SESSION = bytes(range(16))
KEYS = KeySchedule(b"s" * 64, b"n" * 32, "tv-1", SESSION, SENDER.public.thumbprint, DISPLAY.public.thumbprint)
JTI = "0123"
NOW, NOW_S = 5, 1_800_000_000


def token(sender: Identity = SENDER, display: Identity = DISPLAY) -> str:
    return tokens.issue(display, "tv-1", sender.public, JTI, "cast", NOW_S)


def asked(body: bytes = b"", bearer: str = "", proof_jti: str = "", sender: Identity = SENDER) -> Asked:
    bearer = bearer or token()
    said = {
        "jti": proof_jti or secrets.token_hex(8),
        "htm": "POST",
        "htu": "https://tv/api/commands/stop",
        "iat": NOW_S,
        "ath": b64encode(hashlib.sha256(bearer.encode()).digest()),
    }
    proof = jwt.encode(said, sender.key, "ES256", headers={"typ": "dpop+jwt", "jwk": sender.public.jwk})
    headers = {"authorization": f"DPoP {bearer}", "dpop": proof, "x-session-id": b64encode(SESSION)}
    return signed(Asked("POST", "/api/commands/stop?x=1", "https://tv/api/commands/stop", headers, body))


def signed(request: Asked, nonce: bytes | None = None) -> Asked:
    nonce = nonce or secrets.token_bytes(16)
    mac = request_mac(KEYS.key("auth c2s", JTI), request, SESSION, nonce)
    return replace(request, headers={**request.headers, "x-nonce": b64encode(nonce), "x-auth": b64encode(mac)})


def keys() -> RequestKeys:
    return RequestKeys(KEYS, JTI, SENDER.public)


def take(checker: RequestKeys, request: Asked, now_s: int = NOW_S, now: int = NOW) -> str:
    return checker.permit(request, checker.authenticate(request), DISPLAY.public, "tv-1", now_s, now).jti


def test_a_request_is_taken_once() -> None:
    checker, request = keys(), asked(b"{}")
    assert session_of(request) == b64encode(SESSION)
    assert take(checker, request) == JTI
    with pytest.raises(SeenBefore, match="X-Nonce"):
        take(checker, request)


def test_a_proof_is_taken_once_even_with_a_new_nonce() -> None:
    checker, request = keys(), asked()
    take(checker, request)
    with pytest.raises(SeenBefore, match="DPoP jti"):
        take(checker, signed(request))


def test_a_request_outlives_its_nonce_in_no_cache() -> None:
    checker, request = keys(), asked()
    take(checker, request)
    with pytest.raises(NotAllowed, match="seconds before"):
        take(checker, request, NOW_S + WINDOW_NS // 10**9, NOW + WINDOW_NS)


@pytest.mark.parametrize(
    "altered",
    [
        {"method": "GET"},
        {"target": "/api/commands/stop"},
        {"body": b"{}"},
    ],
)
def test_what_is_altered_on_the_way_is_not_authentic(altered: dict[str, object]) -> None:
    with pytest.raises(NotAuthentic, match="X-Auth does not fit"):
        keys().authenticate(replace(asked(), **altered))  # type: ignore[arg-type]


def test_old_keys_take_nothing_of_a_resumed_session() -> None:
    resumed = RequestKeys(KEYS, "another jti", SENDER.public)
    with pytest.raises(NotAuthentic):
        resumed.authenticate(asked())


@pytest.mark.parametrize("missing", ["x-nonce", "x-auth"])
def test_no_header_may_be_missing(missing: str) -> None:
    request = asked()
    headers = {name: value for name, value in request.headers.items() if name != missing}
    with pytest.raises(NotAuthentic, match="is missing"):
        keys().authenticate(replace(request, headers=headers))


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"authorization": f"Bearer {token()}"}, "needs the headers"),
        ({"authorization": ""}, "needs the headers"),
        ({"dpop": ""}, "needs the headers"),
        ({"authorization": f"DPoP {token(OTHER)}"}, "another device"),
        ({"authorization": f"DPoP {token(display=OTHER)}"}, "the token"),
        ({"dpop": asked(sender=OTHER).headers["dpop"]}, "can't be accepted"),
    ],
)
def test_an_authentic_request_also_needs_token_and_proof(headers: dict[str, str], why: str) -> None:
    request = asked()
    with pytest.raises(NotAllowed, match=why):
        take(keys(), replace(request, headers={**request.headers, **headers}))


def test_a_token_ends() -> None:
    with pytest.raises(NotAllowed, match="expired"):
        take(keys(), asked(), NOW_S + tokens.LIFE_S)


def test_a_flood_is_refused_and_not_kept() -> None:
    checker = keys()
    for _ in range(MAX_ENTRIES):
        with pytest.raises(NotAllowed):
            checker.permit(Asked("GET", "/", "http://tv/", {}, b""), secrets.token_bytes(16), DISPLAY.public, "", 0, 0)
    with pytest.raises(RateLimited):
        take(checker, asked(), now=0)


def test_an_answer_proves_the_display_and_names_its_request() -> None:
    nonce = secrets.token_bytes(16)
    headers = keys().sign(200, nonce, b"{}")
    own, mac = b64decode(headers["X-Nonce"], 16, "X-Nonce"), b64decode(headers["X-Auth"], 32, "X-Auth")
    assert headers["X-Session-ID"] == b64encode(SESSION)
    key = KEYS.key("auth s2c", JTI)
    assert mac == answer_mac(key, 200, SESSION, nonce, own, b"{}")
    assert mac != answer_mac(key, 403, SESSION, nonce, own, b"{}")
    assert mac != answer_mac(key, 200, SESSION, own, own, b"{}")
    assert mac != answer_mac(KEYS.key("auth c2s", JTI), 200, SESSION, nonce, own, b"{}")


NAMES = st.sampled_from(["x-session-id", "x-nonce", "x-auth", "authorization", "dpop"])


@given(st.dictionaries(NAMES, st.text(), max_size=5), st.binary(max_size=64))
def test_any_headers_are_refused(headers: dict[str, str], body: bytes) -> None:
    request = Asked("GET", "/api/status", "https://tv/api/status", headers, body)
    with pytest.raises((NotAuthentic, EncodingError)):
        keys().authenticate(request)
    with pytest.raises(PeerError):
        keys().permit(request, b"n" * 16, DISPLAY.public, "tv-1", NOW_S, NOW)
