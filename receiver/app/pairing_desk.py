"""Rows 1 to 4, 2a and 3a of DDP.md section 10 for one connection: trust's pairing, with the display's secrets."""

import logging
from typing import Literal

from receiver.app.desk import FrontDesk
from receiver.clock import NS
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.messages import AuthConfirm, AuthStart, Hello, PairConfirm, PairShare, PairStart
from receiver.ddp.names import clean_name
from receiver.ddp.negotiation import Negotiation
from receiver.trust.cpace import SHARE_BYTES
from receiver.trust.encoding import b64decode, b64encode
from receiver.trust.identity import SIGNATURE_BYTES, parse_jwk
from receiver.trust.limits import Locked, RateLimited, source_of
from receiver.trust.pairing import NONCE_BYTES, Paired, Pairing, Stranger, WrongSecret
from receiver.trust.pins import HINT_BYTES, PIN_TRIES, NoPin, Pin

MAC_BYTES = 32

log = logging.getLogger(__name__)


class PairingDesk:
    """Pairs one connection from ``address``."""

    def __init__(self, desk: FrontDesk, address: str) -> None:
        self.pairing = Pairing(desk.display.id, desk.display.identity)
        self.session = b64encode(self.pairing.session)
        self.sender_name = ""
        self._desk = desk
        self._source = source_of(address)
        self._method: Literal["pin", "qr"] = "pin"
        self._hint: bytes | None = None
        self._pin: Pin | None = None
        self._secret = b""
        self.way_back: frozenset[str] = frozenset()

    def hello(self, params: Hello) -> dict[str, object]:
        """Row 1."""
        display = self._desk.display
        self.pairing.allows("hello")
        common = Negotiation(display.capability()).settle(params.capability)
        self.way_back = frozenset(map(str, common.lists.get("back", ())))
        name = clean_name(params.name)
        self.pairing.hello(parse_jwk(params.jwk), b64decode(params.nonce, NONCE_BYTES, "nonce"))
        self.sender_name = name
        return {
            "ddp_session_id": self.session,
            "display_id": display.id,
            "display_name": display.name(),
            "capability": str(common),
            "jwk": display.identity.public.jwk,
            "nonce": b64encode(self.pairing.nonce),
        }

    def start(self, params: PairStart) -> dict[str, object]:
        """Row 2: with ``pin``, the TV shows one from here on."""
        self.pairing.allows("start")
        now = self._desk.clock.now()
        hint = None if params.hint is None else b64decode(params.hint, HINT_BYTES, "hint")
        if params.method == "qr":
            self._desk.secrets.leave(self.session)
            life, tries = self._desk.secrets.qr_life_s, PIN_TRIES
        else:
            self._allow_try()
            self._spend(now)
            pin = self._desk.secrets.ask_pin(self.session, self.sender_name)
            life, tries = (pin.expires_ns - now) // NS, pin.tries_left
        self._method, self._hint, self._pin = params.method, hint, None
        self.pairing.start()
        return {"method": params.method, "expires_in_s": life, "tries_left": tries}

    def share(self, params: PairShare) -> dict[str, object]:
        """Row 3."""
        self.pairing.allows("share")
        share_a = b64decode(params.share, SHARE_BYTES, "share")
        if self._method == "pin":
            self._allow_try()
            self._pin = self._pin_on_tv()
            self._secret = self._pin.digits.encode("ascii")
        else:
            self._spend(self._desk.clock.now())
            self._secret = self._desk.secrets.qr_secret(self._hint)
        return {"share": b64encode(self.pairing.share(share_a, self._secret))}

    def confirm(self, params: PairConfirm) -> Paired:
        """Row 4. Raises Refusal; on −32003 the sender may go on from row 3."""
        self.pairing.allows("confirmed")
        mac = b64decode(params.mac, MAC_BYTES, "mac")
        sig = b64decode(params.sig, SIGNATURE_BYTES, "sig")
        if self._method == "pin":
            self._allow_try()
            if self._pin_on_tv() is not self._pin:
                raise self._no_pin()
        try:
            paired = self.pairing.confirm(mac, sig)
        except WrongSecret as error:
            raise self._wrong() from error
        if self._method == "pin":
            self._desk.secrets.pin_used()
        else:
            self._desk.secrets.qr_used(self._secret)
        self.sender_name = self._desk.remember(paired.sender, self.sender_name)
        self._desk.record("paired", self.sender_name, paired.sender.fingerprint, by=self._method, address=self._source)
        log.info("paired with %s by %s, fingerprint %s", self.sender_name, self._method, paired.sender.fingerprint)
        return paired

    def reunite(self, params: AuthStart) -> dict[str, object]:
        """Row 2a. Whoever asks gets an answer: it says nothing of whom we know."""
        self.pairing.allows("reunite")
        return {"share": b64encode(self.pairing.reunite(b64decode(params.share, SHARE_BYTES, "share")))}

    def confirm_reunion(self, params: AuthConfirm) -> Paired:
        """Row 3a. Raises Refusal; on −32001 the sender may go on from row 2."""
        self.pairing.allows("reunited")
        mac = b64decode(params.mac, MAC_BYTES, "mac")
        sig = b64decode(params.sig, SIGNATURE_BYTES, "sig")
        try:
            paired = self.pairing.confirm_reunion(mac, sig, self._desk.knows)
        except Stranger as error:
            log.info("a device at %s is not known", self._source)
            advice = "This display does not know this device, or knows it no longer. Pair again with a PIN."
            raise Refusal(ErrorCode.UNAUTHENTICATED, advice) from error
        self.sender_name = self._desk.remember(paired.sender, self.sender_name)
        self._desk.record("returned", self.sender_name, paired.sender.fingerprint, address=self._source)
        log.info("%s is back, fingerprint %s", self.sender_name, paired.sender.fingerprint)
        return paired

    def leave(self) -> None:
        """The connection is over."""
        self._desk.secrets.leave(self.session)

    def _wrong(self) -> Refusal:
        if self._method == "qr":
            advice = "The QR code has changed since it was scanned. Scan it again, or use a PIN."
            log.info("a QR code from %s was wrong or outdated", self._source)
            return Refusal(ErrorCode.PAIRING_FAILED, advice, tries_left=0)
        left = self._desk.secrets.wrong_pin(self._source)
        log.info("a PIN from %s was wrong", self._source)
        tries = "1 try is" if left == 1 else f"{left} tries are"
        advice = f"That is not the PIN on the TV. Check it and type it again; {tries} left."
        if left <= 0:
            advice = "That was not the PIN on the TV, and it was the last try. Ask for a new PIN."
        return Refusal(ErrorCode.PAIRING_FAILED, advice, tries_left=max(0, left))

    def _pin_on_tv(self) -> Pin:
        try:
            return self._desk.secrets.pin_of(self.session)
        except NoPin:
            raise self._no_pin() from None

    @staticmethod
    def _no_pin() -> Refusal:
        advice = "The PIN has left the TV: it was used, or ran out of time or tries. Ask for a new PIN."
        return Refusal(ErrorCode.PAIRING_FAILED, advice, tries_left=0)

    def _allow_try(self) -> None:
        try:
            self._desk.secrets.tries.check(self._source, self._desk.clock.now())
        except RateLimited as error:
            raise _refusal(error) from error

    def _spend(self, now: int) -> None:
        try:
            self._desk.secrets.starts.spend(self._source, now)
        except RateLimited as error:
            raise _refusal(error) from error


def _refusal(error: RateLimited) -> Refusal:
    code = ErrorCode.LOCKED if isinstance(error, Locked) else ErrorCode.RATE_LIMITED
    wait = error.retry_after_s
    when = f"{wait} second{'s' * (wait != 1)}" if wait < 120 else f"{-(-wait // 60)} minutes"
    return Refusal(code, f"{error} Try again in {when}.", retry_after_s=wait)
