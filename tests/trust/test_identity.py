"""Keys, thumbprints and signatures."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import ProtocolError
from receiver.trust.encoding import b64encode
from receiver.trust.identity import BadKey, Identity, parse_jwk

# RFC 7517 appendix A.1; the thumbprint was computed over the RFC 7638 canonical form with hashlib alone.
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}


def test_a_known_thumbprint() -> None:
    assert parse_jwk(JWK).fingerprint == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"
    assert parse_jwk(JWK).jwk == JWK


def test_signatures_are_64_bytes_and_verify() -> None:
    identity = Identity.generate()
    signature = identity.sign(b"text")
    assert len(signature) == 64
    assert identity.public.verify(signature, b"text")
    assert not identity.public.verify(signature, b"other text")
    assert not identity.public.verify(signature[:-1], b"text")
    assert not Identity.generate().public.verify(signature, b"text")
    assert not identity.public.verify(bytes(64), b"text")


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"d": "AAAA"},
        {"kid": "1"},
        {"x": 5},
        {"x": JWK["x"] + "="},
        {"y": JWK["x"]},
        {"x": b64encode(bytes(32)), "y": b64encode(bytes(32))},
        {"x": b64encode(b"\xff" * 32)},
    ],
)
def test_other_keys_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="jwk"):
        parse_jwk(JWK | change)


@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "d"]),
        st.one_of(st.just("EC"), st.just("P-256"), st.text(max_size=50), st.integers(), st.none()),
    )
)
def test_any_object_is_a_key_or_a_protocol_error(jwk: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        parse_jwk(jwk)


def test_our_own_key_must_be_p256() -> None:
    with pytest.raises(ValueError, match="P-256"):
        Identity(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(BadKey):
        parse_jwk({})
