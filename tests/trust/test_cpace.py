"""CPace against the draft's own numbers (draft-irtf-cfrg-cpace-21, appendix B.1), and its refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust import cpace

H = bytes.fromhex
SID = H("7e4b4791d6a8ef019b936c79fb7f2c57")
CI = b"\x0bA_initiator\x0bB_responder"
SCALAR_A = H("21b4f4bd9e64ed355c3eb676a28ebedaf6d8f17bdc365995b319097153044080")
SCALAR_B = H("848b0779ff415f0af4ea14df9dd1d3c29ac41d836c7808896c4eba19c51ac40a")
GENERATOR = H("d04bf6d41f6a289632a2e929fa29bebd51092512a7829fdde7d314b62f05a73f")
SHARE_A = H("1d13c89278cdadd826f6d8d7f887701430f8380ddc17611cdd6dc989ce0c9f32")
SHARE_B = H("248cccf6d5cdc3646f0ad593f9e6cef4e69d4945f8372e623512ecea32185623")
K = H("5b067effbdc0b2a0e1d907b21ebb25cfedb96a852179a847c37e43ee71322c6b")
ISK = H(
    "6e19b875f7a561d6b3ca3dbb9ef42ac55de3e717881018204b8922b4d5e53bb2"
    "aa82c300bea7b65d2b671da71922ddf6472301b79bc270adfa8bf413285f2263"
)

LOW_ORDER = [  # B.1.10: u0 to u5 and u7
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def test_the_drafts_generator() -> None:
    assert cpace.generator(b"Password", CI, SID) == GENERATOR


def test_an_earlier_drafts_generator() -> None:
    ci = H("6f630b425f726573706f6e6465720b415f696e69746961746f72")
    expected = H("64e8099e3ea682cfdc5cb665c057ebb514d06bf23ebc9f743b51b82242327074")
    assert cpace.generator(b"Password", ci, SID) == expected


def test_the_drafts_shares_and_keys() -> None:
    assert cpace.multiply(SCALAR_A, GENERATOR) == SHARE_A
    assert cpace.multiply(SCALAR_B, GENERATOR) == SHARE_B
    assert cpace.multiply(SCALAR_A, SHARE_B) == cpace.multiply(SCALAR_B, SHARE_A) == K
    assert cpace.session_key(SID, K, SHARE_A, b"ADa", SHARE_B, b"ADb") == ISK


@pytest.mark.parametrize("point", LOW_ORDER)
def test_points_of_low_order_are_refused(point: str) -> None:
    scalar = H("af46e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449aff")
    with pytest.raises(cpace.BadShare, match="low order"):
        cpace.multiply(scalar, H(point))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_share_or_refused(share: bytes) -> None:
    try:
        assert len(cpace.multiply(SCALAR_A, share)) == 32
    except cpace.BadShare:
        assert len(share) != 32 or share[31] & 0x7F in (0, 0x7F) or share.hex() in LOW_ORDER


@given(st.binary(max_size=300), st.binary(max_size=40), st.binary(max_size=16))
def test_every_secret_has_a_generator(prs: bytes, ci: bytes, sid: bytes) -> None:
    assert cpace.multiply(SCALAR_A, cpace.generator(prs, ci, sid)) != bytes(32)
