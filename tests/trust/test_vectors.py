"""docs/vectors/pairing.json: what the receiver computes, and what a second reading of DDP.md does."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from receiver.trust.identity import parse_jwk
from receiver.trust.pairing import Pairing
from tests.peers import fake_box as second
from tests.peers import vectors

FILE = json.loads(vectors.FILE.read_text())
GIVEN, PAIRING, REUNION, RESUME = (FILE[name] for name in ("given", "pairing", "reunion", "resume"))
FP_C, FP_R = (bytes.fromhex(FILE["fingerprints"][name]) for name in ("fp_c", "fp_r"))
SESSION, NONCE_C, NONCE_R = (bytes.fromhex(GIVEN[name]) for name in ("session", "nonce_c", "nonce_r"))


def test_the_file_is_current() -> None:
    assert vectors.FILE.read_text() == vectors.as_text(), "run python -m tests.peers.vectors and commit what it writes"
    assert vectors.FILE.stat().st_size < 20_000


def entropy(*values: str) -> Callable[[int], bytes]:
    drawn = iter(bytes.fromhex(value) for value in values)

    def draw(size: int) -> bytes:
        value = next(drawn)
        assert len(value) == size
        return value

    return draw


def display(*scalars: str) -> Pairing:
    return Pairing(vectors.DISPLAY_ID, vectors.DISPLAY, entropy(GIVEN["session"], GIVEN["nonce_r"], *scalars))


def unhex(values: dict[str, Any], *names: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(values[name]) for name in names)


@pytest.mark.parametrize(("way", "share", "confirm"), [(PAIRING, "share", "confirm"), (REUNION, "reunite", "")])
def test_the_receivers_own_machine_answers_as_they_say(way: dict[str, Any], share: str, confirm: str) -> None:
    machine = display(GIVEN["scalar_b"], GIVEN["jti"])
    machine.hello(vectors.SENDER.public, NONCE_C)
    share_a, share_b, mac, sig = unhex(way, "share_a", "share_b", "mac_client", "sig_client")
    if confirm:
        machine.start()
        assert machine.share(share_a, GIVEN["pin"].encode()) == share_b
        paired = machine.confirm(mac, sig)
    else:
        assert machine.reunite(share_a) == share_b
        paired = machine.confirm_reunion(mac, sig, lambda sender: sender == vectors.SENDER.public)
    assert paired.mac.hex() == way["mac_server"]
    assert paired.jti == GIVEN["jti"]
    for label in vectors.LABELS:
        assert paired.keys.key(label, paired.jti).hex() == way["keys"][label]


def derived(secret: bytes, salt: bytes, label: str, jti: str) -> str:
    info = second.lv("screen-share-key", label, GIVEN["display_id"], SESSION, jti, FP_C, FP_R)
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret).hex()


def check_proofs_and_frames(way: dict[str, Any], secret: bytes, salt: bytes, context: str, jti: str) -> None:
    th, share_a, share_b = unhex(way, "th", "share_a", "share_b")
    seen = (context, SESSION, NONCE_C, NONCE_R, GIVEN["display_id"], FP_C, FP_R, share_a, share_b)
    assert hashlib.sha256(second.lv(*seen)).digest() == th
    assert derived(secret, salt, "confirm", "") == way["key_confirm"]
    for side, key in (("client", GIVEN["sender_key"]), ("server", GIVEN["display_key"])):
        (confirm, sig, signed) = unhex(way, "key_confirm", f"sig_{side}", f"signed_{side}")
        assert hmac.digest(confirm, second.lv(side, th), "sha256").hex() == way[f"mac_{side}"]
        assert signed == second.lv(f"{context} {side}", th)
        public = parse_jwk({name: key[name] for name in ("kty", "crv", "x", "y")})
        assert public.verify(sig, signed)
    check_frames(way, secret, salt, jti)


def check_frames(way: dict[str, Any], secret: bytes, salt: bytes, jti: str) -> None:
    for label in vectors.LABELS:
        assert derived(secret, salt, label, jti) == way["keys"][label]
    for direction in ("c2s", "s2c"):
        aead = AESGCM(bytes.fromhex(way["keys"][f"sig {direction}"]))
        for seq, sealed in enumerate(way[f"frames_{direction}"]):
            frame = bytes.fromhex(sealed["frame"])
            assert int.from_bytes(frame[:8]) == seq
            assert aead.decrypt(bytes(4) + frame[:8], frame[8:], b"ddp.v2" + SESSION).decode() == sealed["plaintext"]


def test_a_second_reading_pairs_to_the_same_values() -> None:
    for key, fingerprint in ((GIVEN["sender_key"], FP_C), (GIVEN["display_key"], FP_R)):
        assert second.thumbprint(key) == fingerprint
    sid, ci, generator, share_a, share_b, k = unhex(PAIRING, "sid", "ci", "generator", "share_a", "share_b", "k")
    assert sid == hashlib.sha256(second.lv(SESSION, NONCE_C, NONCE_R)).digest()[:16]
    assert ci == second.lv("DDP-pair/1", GIVEN["display_id"], FP_C, FP_R)
    assert generator == second.generator(GIVEN["pin"].encode(), ci, sid)
    for scalar, share, other in (("scalar_a", share_a, share_b), ("scalar_b", share_b, share_a)):
        assert second.multiply(bytes.fromhex(GIVEN[scalar]), generator) == share
        assert second.multiply(bytes.fromhex(GIVEN[scalar]), other) == k
    transcript = second.lv(share_a, FP_C) + second.lv(share_b, FP_R)
    isk = hashlib.sha512(second.lv("CPace255_ISK", sid, k) + transcript).digest()
    assert isk.hex() == PAIRING["isk"]
    check_proofs_and_frames(PAIRING, isk, NONCE_C + NONCE_R, "DDP-pair/1", GIVEN["jti"])


def test_a_second_reading_meets_again_with_the_same_values() -> None:
    share_b, shared = unhex(REUNION, "share_b", "shared")
    assert second.multiply(bytes.fromhex(GIVEN["scalar_a"]), share_b) == shared
    check_proofs_and_frames(REUNION, shared, NONCE_C + NONCE_R, "DDP-auth/1", GIVEN["jti"])


def test_a_second_reading_resumes_with_the_same_values() -> None:
    nonce_c, nonce_r, rh, proof = unhex(RESUME, "nonce_c", "nonce_r", "rh", "proof")
    token = hashlib.sha256(RESUME["token"].encode()).digest()
    theirs, ours = (RESUME[f"last_seq_{side}"].to_bytes(8) for side in ("client", "server"))
    bound = (SESSION, nonce_c, theirs, token, GIVEN["display_id"], FP_C, FP_R)
    assert hashlib.sha256(second.lv("DDP-resume/1", *bound)).digest() == rh
    assert vectors.SENDER.public.verify(proof, second.lv("DDP-resume/1 client", rh))
    secret, salt = bytes.fromhex(PAIRING["keys"]["resume"]), nonce_c + nonce_r
    confirm = bytes.fromhex(derived(secret, salt, "confirm", ""))
    text = second.lv("DDP-resume/1 server", rh, nonce_r, ours, RESUME["jti"])
    assert hmac.digest(confirm, text, "sha256").hex() == RESUME["mac"]
    check_frames(RESUME, secret, salt, RESUME["jti"])
