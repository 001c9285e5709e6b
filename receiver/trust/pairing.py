"""How a sender and the receiver get to trust each other, as a state machine (DDP.md section 10). Pure but for entropy.

Pairing, rows 2 to 4: the sender and the display agree on a key that only somebody who sees the TV could reach, and
each signs what it saw with its identity key. CPace gives a guesser one try for each confirm and nothing to work on
offline. The sender confirms first: a guesser learns nothing from us but that the guess was wrong. A wrong signature
gets the same answer as a wrong PIN, so that it can't serve to test PINs either.

Reunion, rows 2a and 3a, of two that have paired before: the key is a fresh X25519 exchange that both identity keys
sign, so a recorded session stays closed even to somebody who later has both. Whether the display knows a thumbprint
is told only to whoever has proven to hold its key; a stranger's proof and a wrong one get the same answer.

    new ──hello──▶ greeted ──start──▶ started ──share──▶ shared ──confirm──▶ paired
                    │  ▲           ▲ (start again)          │ wrong            ▲
                    │  │           └────────────────────────┘                  │
                    │  └──stranger──┐                                          │
                    └───reunite──▶ reuniting ──reunited────────────────────────┘
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from receiver.errors import PeerError, ProtocolError
from receiver.trust import cpace
from receiver.trust.encoding import lv
from receiver.trust.identity import Identity, PublicIdentity
from receiver.trust.keys import KeySchedule

CONTEXT = "DDP-pair/1"
REUNION = "DDP-auth/1"
NONCE_BYTES = 16
SESSION_BYTES = 16

State = Literal["new", "greeted", "started", "shared", "reuniting", "paired"]
Event = Literal["hello", "start", "share", "confirmed", "wrong", "reunite", "reunited", "stranger"]

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("new", "hello"): "greeted",
    ("greeted", "start"): "started",
    ("started", "start"): "started",
    ("shared", "start"): "started",
    ("started", "share"): "shared",
    ("shared", "confirmed"): "paired",
    ("shared", "wrong"): "started",
    ("greeted", "reunite"): "reuniting",
    ("reuniting", "reunited"): "paired",
    ("reuniting", "stranger"): "greeted",
}


class OutOfOrder(ProtocolError):
    """A pairing message came in a state that has no use for it."""


class WrongSecret(PeerError):
    """The sender does not know the PIN or the QR secret, or something between us altered a message."""


class Stranger(PeerError):
    """The sender did not prove to be a device that this display knows."""


@dataclass(frozen=True)
class Transcript:
    """All that both sides have seen by the time shares are exchanged. ``a`` is the sender, ``b`` the receiver."""

    session: bytes
    nonce_c: bytes
    nonce_r: bytes
    display_id: str
    fp_c: bytes
    fp_r: bytes

    @property
    def sid(self) -> bytes:
        return hashlib.sha256(lv(self.session, self.nonce_c, self.nonce_r)).digest()[:16]

    @property
    def ci(self) -> bytes:
        return lv(CONTEXT, self.display_id, self.fp_c, self.fp_r)

    def generator(self, prs: bytes) -> bytes:
        return cpace.generator(prs, self.ci, self.sid)

    def schedule(self, k: bytes, share_a: bytes, share_b: bytes) -> KeySchedule:
        return self.keys(cpace.session_key(self.sid, k, share_a, self.fp_c, share_b, self.fp_r))

    def keys(self, secret: bytes) -> KeySchedule:
        """What derives from ``secret``: CPace's ISK, or X25519's result in a reunion."""
        return KeySchedule(secret, self.nonce_c + self.nonce_r, self.display_id, self.session, self.fp_c, self.fp_r)

    def hash(self, share_a: bytes, share_b: bytes, context: str = CONTEXT) -> bytes:
        """th of DDP.md section 10, 32 bytes."""
        fields = (self.session, self.nonce_c, self.nonce_r, self.display_id, self.fp_c, self.fp_r, share_a, share_b)
        return hashlib.sha256(lv(context, *fields)).digest()


def confirmation(schedule: KeySchedule, side: Literal["client", "server"], th: bytes) -> bytes:
    """The key confirmation of one side, 32 bytes."""
    return hmac.digest(schedule.key("confirm", ""), lv(side, th), "sha256")


def signed_text(side: Literal["client", "server"], th: bytes, context: str = CONTEXT) -> bytes:
    """What one side's identity key signs."""
    return lv(f"{context} {side}", th)


@dataclass(frozen=True)
class Paired:
    """A pairing or reunion that both sides have confirmed; ``mac``, ``sig`` and ``jti`` go back to the sender."""

    mac: bytes
    sig: bytes
    jti: str
    sender: PublicIdentity
    keys: KeySchedule


class Pairing:
    """One connection's pairing. ``entropy(n)`` gives n random bytes; tests replace it."""

    def __init__(
        self,
        display_id: str,
        identity: Identity,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.state: State = "new"
        self.session = entropy(SESSION_BYTES)
        self.nonce = entropy(NONCE_BYTES)
        self._display_id = display_id
        self._identity = identity
        self._entropy = entropy
        self._sender: PublicIdentity | None = None
        self._transcript: Transcript | None = None
        self._schedule: KeySchedule | None = None
        self._th = b""

    def _move(self, event: Event) -> None:
        self.allows(event)
        self.state = TRANSITIONS[self.state, event]

    def allows(self, event: Event) -> None:
        """Raise OutOfOrder unless ``event`` may come now."""
        if (self.state, event) not in TRANSITIONS:
            raise OutOfOrder(f"pairing can't take {event} while it is {self.state}")

    def hello(self, sender: PublicIdentity, nonce_c: bytes) -> None:
        """Row 1: who wants to pair."""
        self._move("hello")
        self._sender = sender
        self._transcript = Transcript(
            self.session,
            nonce_c,
            self.nonce,
            self._display_id,
            sender.thumbprint,
            self._identity.public.thumbprint,
        )

    def start(self) -> None:
        """Row 2: a secret is on the TV; a share from before is void."""
        self._move("start")
        self._schedule = None

    def share(self, share_a: bytes, prs: bytes) -> bytes:
        """Row 3: take Y_a and return Y_b. ``prs``: the PIN's digits or the QR's bytes. Raises BadShare, OutOfOrder."""
        self.allows("share")
        assert self._transcript is not None
        scalar = self._entropy(cpace.SCALAR_BYTES)
        share_b = cpace.multiply(scalar, self._transcript.generator(prs))
        self._schedule = self._transcript.schedule(cpace.multiply(scalar, share_a), share_a, share_b)
        self._th = self._transcript.hash(share_a, share_b)
        self._move("share")
        return share_b

    def confirm(self, mac: bytes, sig: bytes) -> Paired:
        """Row 4. Raises WrongSecret, after which the sender may go on from row 3, and OutOfOrder."""
        self.allows("confirmed")
        paired = self._proven(mac, sig, CONTEXT)
        if paired is None:
            self._move("wrong")
            raise WrongSecret("the PIN or QR code was not the one on the TV")
        self._move("confirmed")
        return paired

    def reunite(self, share_a: bytes) -> bytes:
        """Row 2a: take X_a and return X_b. Raises BadShare, OutOfOrder."""
        self.allows("reunite")
        assert self._transcript is not None
        scalar = self._entropy(cpace.SCALAR_BYTES)
        share_b = cpace.multiply(scalar, cpace.BASE_POINT)
        self._schedule = self._transcript.keys(cpace.multiply(scalar, share_a))
        self._th = self._transcript.hash(share_a, share_b, REUNION)
        self._move("reunite")
        return share_b

    def confirm_reunion(self, mac: bytes, sig: bytes, is_known: Callable[[PublicIdentity], bool]) -> Paired:
        """Row 3a. Raises Stranger, after which the sender may pair, and OutOfOrder."""
        self.allows("reunited")
        assert self._sender is not None
        paired = self._proven(mac, sig, REUNION)
        if paired is None or not is_known(self._sender):
            self._move("stranger")
            raise Stranger("the sender did not prove to be a device that this display knows")
        self._move("reunited")
        return paired

    def _proven(self, mac: bytes, sig: bytes, context: str) -> Paired | None:
        """Our side's proof, if the sender's holds. One try: the exchange is void afterwards."""
        assert self._sender is not None
        assert self._schedule is not None
        schedule, self._schedule = self._schedule, None
        mac_ok = hmac.compare_digest(confirmation(schedule, "client", self._th), mac)
        sig_ok = self._sender.verify(sig, signed_text("client", self._th, context))
        if not (mac_ok and sig_ok):
            return None
        return Paired(
            mac=confirmation(schedule, "server", self._th),
            sig=self._identity.sign(signed_text("server", self._th, context)),
            jti=self._entropy(16).hex(),
            sender=self._sender,
            keys=schedule,
        )
