"""The key schedule of a session (DDP.md sections 4 and 10). Pure."""

from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from receiver.trust.encoding import lv

Label = Literal["confirm", "sig c2s", "sig s2c", "auth c2s", "auth s2c", "resume"]

KEY_BYTES = 32
_PURPOSE = "screen-share-key"


@dataclass(frozen=True)
class KeySchedule:
    """What all keys of one pairing, reunion or resumption derive from.

    ``secret``: CPace's ISK, X25519's result, or the key "resume" of the schedule before. ``salt``: N_c‖N_r, 32 bytes.
    ``session``: 16 bytes. ``fp_c``, ``fp_r``: thumbprints.
    """

    secret: bytes
    salt: bytes
    display_id: str
    session: bytes
    fp_c: bytes
    fp_r: bytes

    def key(self, label: Label, jti: str) -> bytes:
        """The 32-byte key for ``label``; ``jti`` is the token's id, or empty for "confirm"."""
        info = lv(_PURPOSE, label, self.display_id, self.session, jti, self.fp_c, self.fp_r)
        return HKDF(hashes.SHA256(), KEY_BYTES, self.salt, info).derive(self.secret)

    def __repr__(self) -> str:
        return "KeySchedule(secret)"
