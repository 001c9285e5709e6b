"""Resuming against a sender built from the same formulas; everything else is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.identity import Identity
from receiver.trust.keys import KeySchedule
from receiver.trust.resumption import (
    MAX_ATTEMPTS,
    Replayed,
    Request,
    ResumeRefused,
    Resumption,
    answer_mac,
    next_schedule,
    signed_text,
)

SENDER = Identity.generate()
KEYS = KeySchedule(bytes(range(32)), bytes(32), "tv-1", bytes(16), SENDER.public.thumbprint, bytes(32))
REQUEST = Request(7, "a.b.c", bytes(range(16)))


def proof(request: Request, who: Identity = SENDER) -> bytes:
    return who.sign(signed_text(request.hash(KEYS)))


def test_both_sides_reach_the_same_new_keys() -> None:
    resumed = Resumption(KEYS, "jti-1", SENDER.public).answer(REQUEST, proof(REQUEST), 3)
    theirs = next_schedule(KEYS.key("resume", "jti-1"), KEYS, REQUEST.nonce_c, resumed.nonce_r)
    assert answer_mac(theirs, REQUEST.hash(KEYS), resumed.nonce_r, 3, resumed.jti) == resumed.mac
    assert theirs.key("sig c2s", resumed.jti) == resumed.keys.key("sig c2s", resumed.jti)
    assert theirs.key("sig c2s", resumed.jti) != KEYS.key("sig c2s", "jti-1")
    assert theirs.key("resume", resumed.jti) != KEYS.key("resume", "jti-1")


def test_a_lost_answer_leaves_the_way_open_but_a_nonce_serves_once() -> None:
    resumption = Resumption(KEYS, "jti-1", SENDER.public)
    first = resumption.answer(REQUEST, proof(REQUEST), 3)
    with pytest.raises(Replayed):
        resumption.answer(REQUEST, proof(REQUEST), 3)
    again = Request(7, "a.b.c", bytes(16))
    second = resumption.answer(again, proof(again), 3)
    assert first.keys.key("sig c2s", first.jti) != second.keys.key("sig c2s", second.jti)


def test_attempts_are_bounded() -> None:
    resumption = Resumption(KEYS, "jti-1", SENDER.public)
    for number in range(MAX_ATTEMPTS):
        request = Request(7, "a.b.c", number.to_bytes(16, "big"))
        resumption.answer(request, proof(request), 3)
    with pytest.raises(Replayed):
        resumption.answer(REQUEST, proof(REQUEST), 3)


@pytest.mark.parametrize(
    "other",
    [Request(8, "a.b.c", REQUEST.nonce_c), Request(7, "a.b.d", REQUEST.nonce_c), Request(7, "a.b.c", bytes(16))],
)
def test_a_proof_is_good_for_its_own_request_alone(other: Request) -> None:
    with pytest.raises(ResumeRefused):
        Resumption(KEYS, "jti-1", SENDER.public).answer(other, proof(REQUEST), 3)


def test_another_devices_proof_is_refused() -> None:
    with pytest.raises(ResumeRefused):
        Resumption(KEYS, "jti-1", SENDER.public).answer(REQUEST, proof(REQUEST, Identity.generate()), 3)


@given(st.integers(0, 2**53), st.text(max_size=40), st.binary(max_size=20), st.binary(max_size=80))
def test_any_request_is_the_peers_fault(last_seq: int, token: str, nonce: bytes, signature: bytes) -> None:
    with pytest.raises(ResumeRefused):
        Resumption(KEYS, "jti-1", SENDER.public).answer(Request(last_seq, token, nonce), signature, 0)
