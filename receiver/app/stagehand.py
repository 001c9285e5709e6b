"""Where sessions and the floor meet: what a session may ask for, and what it is told."""

from typing import Protocol

from receiver.app.cast import Sender
from receiver.ddp.messages import Method
from receiver.link import QuicOpened
from receiver.session.roles import Role


class Person(Sender, Protocol):
    """A session, as the floor sees it."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def role(self) -> Role: ...

    def on_floor(self, state: dict[str, object]) -> None:
        """The fields of ``floor.state``; at first, and whenever they change."""


class Stagehand(Protocol):
    """What a paired sender may ask the app for; ``sender`` is the session that asks."""

    def join(self, sender: Person) -> None:
        """The session has begun."""

    async def leave(self, sender: Person) -> None:
        """The session is over: end what it had begun."""

    def methods(self, sender: Person) -> dict[str, Method]:
        """More methods that the sender may call."""

    async def offer(self, sender: Person, sdp: str) -> tuple[str, int]:
        """The SDP answer and the stream's number. Raises PeerError, ReceiverError."""

    def stream_of(self, session_id: str) -> int | None:
        """The number of the session's stream, if one is on."""

    async def quic(self, sender: Person) -> tuple[QuicOpened, int]:
        """Where the sender is awaited over WebTransport, and the stream's number. Raises PeerError, ReceiverError."""

    def candidate(self, sender: Person, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        """A trickled candidate."""
