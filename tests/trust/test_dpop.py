"""DPoP proofs: what they must say, and that nothing in them chooses what verifies them."""

import base64
import contextlib
import hashlib
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.dpop import SKEW_S, BadProof, verify
from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity

SENDER, OTHER = Identity.generate(), Identity.generate()
TOKEN = "a.token.of-ours"
NOW = 1_800_000_000
URL = "https://192.168.1.20:8443/api/status"


def proof(
    claims: dict[str, Any] | None = None, headers: dict[str, Any] | None = None, key: Any = None, alg: str = "ES256"
) -> str:
    said: dict[str, Any] = {
        "jti": "one",
        "htm": "GET",
        "htu": URL,
        "iat": NOW,
        "ath": b64encode(hashlib.sha256(TOKEN.encode()).digest()),
    }
    said = {name: value for name, value in (said | (claims or {})).items() if value is not None}
    header = {"typ": "dpop+jwt", "jwk": SENDER.public.jwk} | (headers or {})
    return jwt.encode(said, key or SENDER.key, alg, headers=header)


def check(text: str, url: str = URL) -> str:
    return verify(text, SENDER.public, TOKEN, "GET", url, NOW)


def test_a_proof_holds_and_gives_its_jti() -> None:
    assert check(proof()) == "one"
    assert check(proof({"nonce": "more is allowed"})) == "one"


@pytest.mark.parametrize(
    ("htu", "url"),
    [
        ("HTTPS://Display.local/a?x=1#y", "https://display.local:443/a"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_urls_agree_as_rfc_3986_says(htu: str, url: str) -> None:
    assert check(proof({"htu": htu}), url) == "one"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"htm": "POST"}, "htm"),
        ({"htm": "get"}, "htm"),
        ({"htu": "https://192.168.1.20:8443/api/devices"}, "htu"),
        ({"htu": "http://192.168.1.20:8443/api/status"}, "htu"),
        ({"htu": "https://192.168.1.20:8444/api/status"}, "htu"),
        ({"htu": "https://192.168.1.20:99999/"}, "not a URL"),
        ({"htu": "https://[/"}, "not a URL"),
        ({"iat": NOW - SKEW_S - 1}, "61 seconds before"),
        ({"iat": NOW + SKEW_S + 1}, "61 seconds after"),
        ({"iat": 1e400}, "can't be accepted"),
        ({"iat": 10**30}, "can't be accepted"),
        ({"iat": str(NOW)}, "can't be accepted"),
        ({"ath": b64encode(hashlib.sha256(b"another").digest())}, "ath"),
        ({"ath": None}, "can't be accepted"),
        ({"jti": None}, "can't be accepted"),
        ({"jti": ""}, "can't be accepted"),
    ],
)
def test_what_a_proof_must_say(claims: dict[str, Any], why: str) -> None:
    with pytest.raises(BadProof, match=why):
        check(proof(claims))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (proof(headers={"typ": "JWT"}), "typ"),
        (proof(headers={"jwk": OTHER.public.jwk}), "jwk"),
        (proof(headers={"jwk": {**SENDER.public.jwk, "d": "AA"}}), "exactly the members"),
        (proof(headers={"jwk": None}), "jwk"),
        (proof(headers={"jwk": OTHER.public.jwk}, key=OTHER.key), "can't be accepted"),
        (proof(key=OTHER.key), "can't be accepted"),
        (proof(key="x" * 32, alg="HS256"), "can't be accepted"),
        (proof(key=rsa.generate_private_key(65537, 2048), alg="RS256"), "can't be accepted"),
        (jwt.encode({"jti": "one"}, "", "none"), "can't be accepted"),
        ("", "can't be accepted"),
        ("a" * 4097, "at most"),
    ],
)
def test_no_key_and_no_algorithm_is_taken_from_a_proof(text: str, why: str) -> None:
    with pytest.raises(BadProof, match=why):
        check(text)


def test_what_a_proof_says_is_repeated_only_where_it_can_be_printed() -> None:
    with pytest.raises(BadProof, match="critical extension") as refused:
        check(proof(headers={"crit": ["\ud800"], "\ud800": 1}))
    str(refused.value).encode()


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadProof):
        check(text)


@given(
    st.dictionaries(
        st.sampled_from(["jti", "htm", "htu", "iat", "ath"]),
        st.one_of(st.none(), st.text(), st.integers(), st.lists(st.integers(), max_size=2)),
        min_size=1,
    )
)
def test_any_signed_claims_are_taken_or_refused(claims: dict[str, Any]) -> None:
    with contextlib.suppress(BadProof):
        check(proof(claims))
