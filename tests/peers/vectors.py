"""Test vectors of the trust chain, from fixed keys and nonces: ``python -m tests.peers.vectors`` writes
docs/vectors/pairing.json.

Signatures are the deterministic ones of RFC 6979, so that the file is the same each time; DDP takes any valid one.
"""

import json
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from receiver.trust import cpace
from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity
from receiver.trust.keys import KeySchedule, Label
from receiver.trust.pairing import CONTEXT, REUNION, Transcript, confirmation, signed_text
from receiver.trust.resumption import Request, answer_mac, next_schedule
from receiver.trust.resumption import signed_text as resume_text
from receiver.trust.seal import Sealer

FILE = Path(__file__).parents[2] / "docs/vectors/pairing.json"
DISPLAY_ID = "tv-livingroom-001a"
PIN = "06148854"
JTI = "5f1d7a84c09b4f3e8a6d2c1b0e9f8a7d"
NEXT_JTI = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
LABELS: tuple[Label, ...] = ("sig c2s", "sig s2c", "auth c2s", "auth s2c", "resume")
C2S = ('{"jsonrpc":"2.0","id":5,"method":"ddp.ping","params":{}}', '{"jsonrpc":"2.0","id":6,"method":"ddp.ping"}')
S2C = ('{"jsonrpc":"2.0","id":5,"result":{}}', '{"jsonrpc":"2.0","id":6,"result":{}}')

Side = Literal["client", "server"]
Values = dict[str, Any]


def counted(start: int, length: int) -> bytes:
    """Bytes that are easy to type: start, start + 1, …"""
    return bytes((start + place) % 256 for place in range(length))


SENDER = Identity(ec.derive_private_key(int.from_bytes(counted(0x11, 32)), ec.SECP256R1()))
DISPLAY = Identity(ec.derive_private_key(int.from_bytes(counted(0x51, 32)), ec.SECP256R1()))
SIDES: dict[Side, Identity] = {"client": SENDER, "server": DISPLAY}
SESSION, NONCE_C, NONCE_R = counted(0xA0, 16), counted(0xC0, 16), counted(0xE0, 16)
SCALAR_A, SCALAR_B = counted(0x01, 32), counted(0x81, 32)
FP_C, FP_R = SENDER.public.thumbprint, DISPLAY.public.thumbprint
SEEN = Transcript(SESSION, NONCE_C, NONCE_R, DISPLAY_ID, FP_C, FP_R)


def signature(identity: Identity, data: bytes) -> bytes:
    r, s = decode_dss_signature(identity.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32) + s.to_bytes(32)


def private_jwk(identity: Identity) -> Values:
    d = identity.key.private_numbers().private_value.to_bytes(32)
    return identity.public.jwk | {"d": b64encode(d)}


def proofs(keys: KeySchedule, th: bytes, context: str) -> Values:
    """Rows 4 and 3a."""
    found: Values = {"th": th.hex(), "key_confirm": keys.key("confirm", "").hex()}
    for side in SIDES:
        text = signed_text(side, th, context)
        found[f"mac_{side}"] = confirmation(keys, side, th).hex()
        found[f"signed_{side}"] = text.hex()
        found[f"sig_{side}"] = signature(SIDES[side], text).hex()
    return found


def keys_and_frames(keys: KeySchedule, jti: str) -> Values:
    found: Values = {"keys": {label: keys.key(label, jti).hex() for label in LABELS}}
    ways: tuple[tuple[Label, tuple[str, ...]], ...] = (("sig c2s", C2S), ("sig s2c", S2C))
    for label, texts in ways:
        sealer = Sealer(keys.key(label, jti), SESSION)
        found[label.replace("sig ", "frames_")] = [
            {"plaintext": text, "frame": sealer.seal(text.encode()).hex()} for text in texts
        ]
    return found


def pairing() -> tuple[Values, KeySchedule]:
    generator = SEEN.generator(PIN.encode())
    share_a, share_b = cpace.multiply(SCALAR_A, generator), cpace.multiply(SCALAR_B, generator)
    k = cpace.multiply(SCALAR_A, share_b)
    keys = SEEN.schedule(k, share_a, share_b)
    exchange = {"sid": SEEN.sid, "ci": SEEN.ci, "generator": generator, "share_a": share_a, "share_b": share_b, "k": k}
    found: Values = {name: value.hex() for name, value in exchange.items()} | {"isk": keys.secret.hex()}
    found |= proofs(keys, SEEN.hash(share_a, share_b), CONTEXT)
    return found | keys_and_frames(keys, JTI), keys


def reunion() -> Values:
    share_a, share_b = (cpace.multiply(scalar, cpace.BASE_POINT) for scalar in (SCALAR_A, SCALAR_B))
    keys = SEEN.keys(cpace.multiply(SCALAR_A, share_b))
    found = {"share_a": share_a.hex(), "share_b": share_b.hex(), "shared": keys.secret.hex()}
    return found | proofs(keys, SEEN.hash(share_a, share_b, REUNION), REUNION) | keys_and_frames(keys, JTI)


def resume(old: KeySchedule) -> Values:
    """Of the session that ``pairing`` began."""
    asked = Request(7, "header.claims.signature", counted(0x30, 16))
    nonce_r, last_seq = counted(0x70, 16), 3
    rh = asked.hash(old)
    keys = next_schedule(old.key("resume", JTI), old, asked.nonce_c, nonce_r)
    found: Values = {"last_seq_client": asked.last_seq, "token": asked.token, "nonce_c": asked.nonce_c.hex()}
    found |= {"rh": rh.hex(), "signed": resume_text(rh).hex(), "proof": signature(SENDER, resume_text(rh)).hex()}
    found |= {"nonce_r": nonce_r.hex(), "last_seq_server": last_seq, "jti": NEXT_JTI}
    found |= {"key_confirm": keys.key("confirm", "").hex()}
    found["mac"] = answer_mac(keys, rh, nonce_r, last_seq, NEXT_JTI).hex()
    return found | keys_and_frames(keys, NEXT_JTI)


def vectors() -> Values:
    given = {"session": SESSION, "nonce_c": NONCE_C, "nonce_r": NONCE_R, "scalar_a": SCALAR_A, "scalar_b": SCALAR_B}
    paired, keys = pairing()
    return {
        "about": "docs/DDP.md section 10, from the first message to sealed frames. Bytes are in hex, keys are JWKs. "
        "The signatures are those of RFC 6979; any other valid one serves as well.",
        "given": {"display_id": DISPLAY_ID, "pin": PIN, "jti": JTI}
        | {name: value.hex() for name, value in given.items()}
        | {"sender_key": private_jwk(SENDER), "display_key": private_jwk(DISPLAY)},
        "fingerprints": {"fp_c": FP_C.hex(), "fp_r": FP_R.hex()},
        "pairing": paired,
        "reunion": reunion(),
        "resume": resume(keys),
    }


def as_text() -> str:
    return json.dumps(vectors(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(as_text())
