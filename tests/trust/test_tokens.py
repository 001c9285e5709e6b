"""Access tokens."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.identity import Identity
from receiver.trust.tokens import LIFE_S, BadToken, issue, verify

DISPLAY, SENDER = Identity.generate(), Identity.generate().public
NOW = 1_800_000_000


def token() -> str:
    return issue(DISPLAY, "tv-1", SENDER, "jti-1", "cast control", NOW)


def test_a_token_says_exactly_what_it_should() -> None:
    header = jwt.get_unverified_header(token())
    assert header == {"alg": "ES256", "typ": "at+jwt"}
    payload = jwt.decode(token(), options={"verify_signature": False})
    assert payload == {
        "iss": "tv-1",
        "sub": SENDER.fingerprint,
        "aud": "tv-1",
        "exp": NOW + 600,
        "iat": NOW,
        "jti": "jti-1",
        "scope": "cast control",
        "cnf": {"jkt": SENDER.fingerprint},
    }
    assert verify(token(), DISPLAY.public, "tv-1", NOW).jti == "jti-1"


@pytest.mark.parametrize(("display", "now"), [("tv-2", NOW), ("tv-1", NOW - 1), ("tv-1", NOW + LIFE_S)])
def test_a_token_is_for_one_display_and_ten_minutes(display: str, now: int) -> None:
    with pytest.raises(BadToken):
        verify(token(), DISPLAY.public, display, now)


def claims(**change: object) -> dict[str, object]:
    return jwt.decode(token(), options={"verify_signature": False}) | change


@pytest.mark.parametrize(
    "forged",
    [
        jwt.encode(claims(), Identity.generate().key, "ES256", {"typ": "at+jwt"}),
        jwt.encode(claims(), DISPLAY.key, "ES256", {"typ": "JWT"}),
        jwt.encode(claims(), "", "none", {"typ": "at+jwt"}),
        jwt.encode(claims(), "x" * 32, "HS256", {"typ": "at+jwt"}),
        jwt.encode(claims(), ec.generate_private_key(ec.SECP384R1()), "ES384", {"typ": "at+jwt"}),
        jwt.encode(claims(role="admin"), DISPLAY.key, "ES256", {"typ": "at+jwt"}),
        jwt.encode(claims(sub="someone else"), DISPLAY.key, "ES256", {"typ": "at+jwt"}),
        jwt.encode(claims(aud=["tv-1"]), DISPLAY.key, "ES256", {"typ": "at+jwt"}),
        jwt.encode(claims(exp="never"), DISPLAY.key, "ES256", {"typ": "at+jwt"}),
        jwt.encode(claims(cnf={}), DISPLAY.key, "ES256", {"typ": "at+jwt"}),
        "x" * 5000,
        "",
    ],
)
def test_forged_tokens_are_refused(forged: str) -> None:
    with pytest.raises(BadToken):
        verify(forged, DISPLAY.public, "tv-1", NOW)


@given(st.text(max_size=200))
def test_any_text_is_a_bad_token(text: str) -> None:
    with pytest.raises(BadToken):
        verify(text, DISPLAY.public, "tv-1", NOW)


@given(st.data())
def test_any_changed_character_is_a_bad_token(data: st.DataObject) -> None:
    good = token()
    at = data.draw(st.integers(0, len(good) - 2))  # the last character has bits that decode to nothing
    other = data.draw(st.sampled_from("ABCxyz019-_.=").filter(lambda c: c != good[at]))
    with pytest.raises(BadToken):
        verify(good[:at] + other + good[at + 1 :], DISPLAY.public, "tv-1", NOW)
