"""Taking up a session over another connection (DDP.md sections 4, 5 and 10). Pure but for entropy.

The sender signs its request with its pinned key and shows a token of the session. Both sides then leave the old keys
behind: the new ones derive from the key "resume" of the schedule before, which never left either side, so an answer
that verifies proves the display, and the first sealed frame that opens proves the sender. Until that frame comes the
session stays as it was: a recorded request, sent again by somebody else, takes nothing from anybody.
"""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass

from receiver.errors import PeerError
from receiver.trust.encoding import lv
from receiver.trust.identity import PublicIdentity
from receiver.trust.keys import KeySchedule
from receiver.trust.pairing import NONCE_BYTES

CONTEXT = "DDP-resume/1"
MAX_ATTEMPTS = 256
"""Resumptions that a session may begin in all; more than a bad network needs."""

_COUNT = struct.Struct(">Q")


class ResumeRefused(PeerError):
    """The request does not prove that it comes from the session's sender."""


class Replayed(PeerError):
    """The request, or its nonce, was used before."""


@dataclass(frozen=True)
class Request:
    """What the sender asks: ``last_seq``: all of our messages up to it have reached the sender."""

    last_seq: int
    token: str
    nonce_c: bytes

    def hash(self, schedule: KeySchedule) -> bytes:
        """rh of DDP.md section 10, 32 bytes; ``schedule``: the session's own."""
        token = hashlib.sha256(self.token.encode()).digest()
        of = (schedule.session, self.nonce_c, _COUNT.pack(self.last_seq), token)
        return hashlib.sha256(lv(CONTEXT, *of, schedule.display_id, schedule.fp_c, schedule.fp_r)).digest()


def signed_text(rh: bytes) -> bytes:
    """What the sender's identity key signs: the ``proof``."""
    return lv(f"{CONTEXT} client", rh)


def answer_mac(schedule: KeySchedule, rh: bytes, nonce_r: bytes, last_seq: int, jti: str) -> bytes:
    """The display's proof, 32 bytes, by the new ``schedule``."""
    text = lv(f"{CONTEXT} server", rh, nonce_r, _COUNT.pack(last_seq), jti)
    return hmac.digest(schedule.key("confirm", ""), text, "sha256")


def next_schedule(secret: bytes, old: KeySchedule, nonce_c: bytes, nonce_r: bytes) -> KeySchedule:
    """The schedule after a resume. ``secret``: the key "resume" of the one before."""
    return KeySchedule(secret, nonce_c + nonce_r, old.display_id, old.session, old.fp_c, old.fp_r)


@dataclass(frozen=True)
class Resumed:
    """A resume that the sender must yet complete, by a frame that opens under ``keys``."""

    keys: KeySchedule
    jti: str
    nonce_r: bytes
    mac: bytes
    request: Request


class Resumption:
    """The receiver's side, for one session between two resumes.

    ``entropy(n)`` gives n random bytes. ``nonces``: of the resumes before, none of which is taken again.
    """

    def __init__(
        self,
        keys: KeySchedule,
        jti: str,
        sender: PublicIdentity,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        nonces: frozenset[bytes] = frozenset(),
    ) -> None:
        self._secret = keys.key("resume", jti)
        self._bound = KeySchedule(b"", b"", keys.display_id, keys.session, keys.fp_c, keys.fp_r)
        self._sender = sender
        self._entropy = entropy
        self._nonces = set(nonces)
        self._begun: set[bytes] = set()

    def after(self, resumed: Resumed) -> "Resumption":
        """What the next resume begins from, once ``resumed`` is complete. Raises ResumeRefused where it is not ours:
        another one was completed since it began."""
        if resumed.request.nonce_c not in self._begun:
            raise ResumeRefused("the session was resumed by another connection meanwhile")
        return Resumption(resumed.keys, resumed.jti, self._sender, self._entropy, frozenset(self._nonces))

    def answer(self, request: Request, proof: bytes, last_seq: int) -> Resumed:
        """Check ``proof`` and derive new keys. ``last_seq``: all of the sender's messages up to it have reached us.

        That the token is valid and the session's is the caller's to check. Raises ResumeRefused and Replayed.
        """
        rh = request.hash(self._bound)
        if not self._sender.verify(proof, signed_text(rh)):
            raise ResumeRefused("the proof is not the signature of the session's sender")
        if request.nonce_c in self._nonces or len(self._nonces) == MAX_ATTEMPTS:
            raise Replayed("the nonce was used before")
        self._nonces.add(request.nonce_c)
        self._begun.add(request.nonce_c)
        nonce_r, jti = self._entropy(NONCE_BYTES), self._entropy(16).hex()
        keys = next_schedule(self._secret, self._bound, request.nonce_c, nonce_r)
        return Resumed(keys, jti, nonce_r, answer_mac(keys, rh, nonce_r, last_seq, jti), request)
