"""The pairing machine against a sender built from the same formulas; every illegal order; every wrong bit."""

import contextlib
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust import cpace
from receiver.trust.identity import Identity, PublicIdentity
from receiver.trust.keys import KeySchedule, Label
from receiver.trust.pairing import (
    REUNION,
    TRANSITIONS,
    OutOfOrder,
    Paired,
    Pairing,
    Stranger,
    Transcript,
    WrongSecret,
    confirmation,
    signed_text,
)

DISPLAY = Identity.generate()
SENDER = Identity.generate()
NONCE = bytes(range(16))
SCALAR = bytes(range(32))
PIN = b"06148854"


def greeted() -> tuple[Pairing, Transcript]:
    pairing = Pairing("tv-1", DISPLAY)
    pairing.hello(SENDER.public, NONCE)
    fp_c, fp_r = SENDER.public.thumbprint, DISPLAY.public.thumbprint
    return pairing, Transcript(pairing.session, NONCE, pairing.nonce, "tv-1", fp_c, fp_r)


def shared(pin: bytes = PIN, seen: Transcript | None = None) -> tuple[Pairing, KeySchedule, bytes]:
    pairing, transcript = greeted()
    transcript = seen or transcript
    pairing.start()
    share_a = cpace.multiply(SCALAR, transcript.generator(pin))
    share_b = pairing.share(share_a, PIN)
    keys = transcript.schedule(cpace.multiply(SCALAR, share_b), share_a, share_b)
    return pairing, keys, transcript.hash(share_a, share_b)


def prove(pairing: Pairing, keys: KeySchedule, th: bytes) -> Paired:
    return pairing.confirm(confirmation(keys, "client", th), SENDER.sign(signed_text("client", th)))


def test_both_sides_reach_the_same_keys() -> None:
    pairing, keys, th = shared()
    paired = prove(pairing, keys, th)
    assert pairing.state == "paired"
    assert paired.mac == confirmation(keys, "server", th)
    assert DISPLAY.public.verify(paired.sig, signed_text("server", th))
    for label in ("sig c2s", "sig s2c", "auth c2s", "auth s2c", "resume"):
        assert paired.keys.key(label, paired.jti) == keys.key(label, paired.jti)
    assert paired.sender == SENDER.public


def test_every_key_differs() -> None:
    _, keys, _ = shared()
    labels: list[Label] = ["confirm", "sig c2s", "sig s2c", "auth c2s", "auth s2c", "resume"]
    derived = [keys.key(label, jti) for label in labels for jti in ("", "a", "b")]
    derived += [
        replace(keys, display_id="tv-2").key("sig c2s", "a"),
        replace(keys, session=bytes(16)).key("sig c2s", "a"),
    ]
    assert len(set(derived)) == len(derived)
    assert keys.secret.hex() not in repr(keys)


def test_a_wrong_pin_gives_one_try_and_another_share() -> None:
    pairing, keys, th = shared(pin=b"06148855")
    with pytest.raises(WrongSecret):
        prove(pairing, keys, th)
    assert pairing.state == "started"
    with pytest.raises(OutOfOrder):
        prove(pairing, keys, th)


@pytest.mark.parametrize("bit", range(0, 256, 17))
def test_any_flipped_bit_of_mac_or_sig_fails(bit: int) -> None:
    pairing, keys, th = shared()
    mac = bytearray(confirmation(keys, "client", th))
    mac[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WrongSecret):
        pairing.confirm(bytes(mac), SENDER.sign(signed_text("client", th)))
    pairing, keys, th = shared()
    sig = bytearray(SENDER.sign(signed_text("client", th)))
    sig[bit // 4] ^= 1 << bit % 8
    with pytest.raises(WrongSecret):
        pairing.confirm(confirmation(keys, "client", th), bytes(sig))


def test_our_own_proof_reflected_does_not_pair() -> None:
    pairing, keys, th = shared()
    with pytest.raises(WrongSecret):
        pairing.confirm(confirmation(keys, "server", th), DISPLAY.sign(signed_text("server", th)))


def test_a_proof_of_another_session_does_not_pair() -> None:
    _, keys, th = shared()
    other, _, _ = shared()
    with pytest.raises(WrongSecret):
        prove(other, keys, th)


def test_starting_again_voids_the_share() -> None:
    pairing, keys, th = shared()
    pairing.start()
    with pytest.raises(OutOfOrder):
        prove(pairing, keys, th)


EVENTS = ("hello", "start", "share", "confirmed", "wrong", "reunite", "reunited", "stranger")
STATES = ("new", "greeted", "started", "shared", "reuniting", "paired")


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EVENTS)))
def test_every_move_is_in_the_table_or_out_of_order(state: str, event: str) -> None:
    pairing = Pairing("tv-1", DISPLAY)
    pairing.state = state  # type: ignore[assignment]
    if (state, event) in TRANSITIONS:
        pairing.allows(event)  # type: ignore[arg-type]
    else:
        with pytest.raises(OutOfOrder, match=state):
            pairing.allows(event)  # type: ignore[arg-type]


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_pair_or_are_the_peers_fault(share: bytes, mac: bytes, sig: bytes) -> None:
    pairing, _ = greeted()
    pairing.start()
    with contextlib.suppress(cpace.BadShare):
        pairing.share(share, PIN)
    with pytest.raises((OutOfOrder, WrongSecret)):
        pairing.confirm(mac, sig)


def reuniting() -> tuple[Pairing, KeySchedule, bytes]:
    pairing, transcript = greeted()
    share_a = cpace.multiply(SCALAR, cpace.BASE_POINT)
    share_b = pairing.reunite(share_a)
    return pairing, transcript.keys(cpace.multiply(SCALAR, share_b)), transcript.hash(share_a, share_b, REUNION)


def test_a_reunion_reaches_the_same_keys_and_fresh_ones_each_time() -> None:
    seen = set()
    for _ in range(2):
        pairing, keys, th = reuniting()
        proof = confirmation(keys, "client", th), SENDER.sign(signed_text("client", th, REUNION))
        paired = pairing.confirm_reunion(*proof, lambda sender: sender == SENDER.public)
        assert paired.mac == confirmation(keys, "server", th)
        assert DISPLAY.public.verify(paired.sig, signed_text("server", th, REUNION))
        seen.add(paired.keys.key("sig c2s", paired.jti))
        assert pairing.state == "paired"
    assert len(seen) == 2


def test_a_signature_of_a_pairing_is_none_of_a_reunion() -> None:
    pairing, keys, th = reuniting()
    with pytest.raises(Stranger):
        pairing.confirm_reunion(
            confirmation(keys, "client", th), SENDER.sign(signed_text("client", th)), lambda sender: True
        )
    assert pairing.state == "greeted"


def test_whom_we_know_is_asked_only_after_the_proof() -> None:
    pairing, keys, th = reuniting()
    asked: list[PublicIdentity] = []

    def known(sender: PublicIdentity) -> bool:
        asked.append(sender)
        return False

    with pytest.raises(Stranger):
        pairing.confirm_reunion(confirmation(keys, "client", th), bytes(64), known)
    assert not asked


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_reunite_or_are_the_peers_fault(share: bytes, mac: bytes, sig: bytes) -> None:
    pairing, _ = greeted()
    with contextlib.suppress(cpace.BadShare):
        pairing.reunite(share)
    with pytest.raises((OutOfOrder, Stranger)):
        pairing.confirm_reunion(mac, sig, lambda sender: True)
