"""The life of one connection (DDP.md section 3). Pure.

    disconnected ──open──▶ connecting ──message──▶ connected ──close──▶ closing ──closed──▶ closed
                            3 s at most             a ping after each 30 s of silence,
                                                    over when the third is lost

``closed`` may come from everywhere, because the network may go at any time. Any valid message is a sign of life, as
a pong is. A connection that has not paired after ten minutes makes room for others.
"""

from typing import Literal

from receiver.ddp.codes import CloseCode
from receiver.errors import ReceiverError

SECOND = 1_000_000_000
HANDSHAKE = 3 * SECOND
HEARTBEAT = 30 * SECOND
LOST_HEARTBEATS = 3
UNPAIRED = 600 * SECOND

State = Literal["disconnected", "connecting", "connected", "closing", "closed"]
Event = Literal["open", "message", "close", "closed"]

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("disconnected", "open"): "connecting",
    ("disconnected", "closed"): "closed",
    ("connecting", "message"): "connected",
    ("connecting", "close"): "closing",
    ("connecting", "closed"): "closed",
    ("connected", "message"): "connected",
    ("connected", "close"): "closing",
    ("connected", "closed"): "closed",
    ("closing", "closed"): "closed",
    ("closed", "closed"): "closed",
}


class ConnectionStateError(ReceiverError):
    """We asked a connection for what its state does not allow."""


class Connection:
    """Where one connection stands, and what is due when."""

    def __init__(self) -> None:
        self.state: State = "disconnected"
        self._silent_at: int | None = None
        self._pair_by: int | None = None
        self._lost = 0

    @property
    def deadline(self) -> int | None:
        """When ``tick`` is due, in ns; None while there is nothing to wait for."""
        return min((due for due in (self._silent_at, self._pair_by) if due is not None), default=None)

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state, event]
        except KeyError:
            raise ConnectionStateError(f"a connection can't take {event} while it is {self.state}") from None

    def open(self, now: int) -> None:
        """The WebSocket is accepted; the first message is due within ``HANDSHAKE``."""
        self._move("open")
        self._silent_at = now + HANDSHAKE
        self._pair_by = now + UNPAIRED

    def message(self, now: int) -> None:
        """A valid message came. While closing it does not count."""
        if self.state in ("closing", "closed"):
            return
        self._move("message")
        self._lost = 0
        self._silent_at = now + HEARTBEAT

    def paired(self) -> None:
        """The sender has proven itself, and may stay."""
        self._pair_by = None

    def tick(self, now: int) -> Literal["ping"] | CloseCode | None:
        """What is due: a ping to send, or the code to close with."""
        if self._pair_by is not None and now >= self._pair_by:
            return CloseCode.POLICY
        if self._silent_at is None or now < self._silent_at:
            return None
        if self.state == "connecting":
            return CloseCode.HANDSHAKE_TIMEOUT
        self._lost += 1
        if self._lost == LOST_HEARTBEATS:
            return CloseCode.IDLE
        self._silent_at = now + HEARTBEAT
        return "ping"

    def check_write(self) -> None:
        """Raise ConnectionStateError unless messages may be written now."""
        if self.state != "connected":
            raise ConnectionStateError(f"nothing can be sent while the connection is {self.state}")

    def close(self) -> None:
        """We have asked to close: the heartbeat stops and no message is taken."""
        self._move("close")
        self._silent_at = self._pair_by = None

    def closed(self) -> None:
        """The WebSocket is gone."""
        self._move("closed")
        self._silent_at = self._pair_by = None
