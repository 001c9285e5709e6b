"""Who gives commands, and what the commands go to."""

from collections.abc import Mapping
from typing import Any, Protocol

from receiver.link import Layout, SetLayout
from receiver.session.roles import Role
from receiver.session.stream import StreamMachine


class Caller(Protocol):
    """Whoever gives a command. ``media``: where its own stream stands; None for one that can have none."""

    @property
    def sender_name(self) -> str: ...

    @property
    def role(self) -> Role: ...

    @property
    def media(self) -> StreamMachine | None: ...


class Sharer(Protocol):
    """Whoever a stream belongs to."""

    @property
    def sender_name(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    @property
    def media(self) -> StreamMachine: ...

    def notify(self, method: str, params: dict[str, object]) -> None:
        """Tell it of a command that somebody else has given to its stream."""


class Casts(Protocol):
    """The streams that are on."""

    @property
    def streams(self) -> Mapping[int, Any]:
        """By number, oldest first, and whose they are: a ``Sharer``."""

    def pause(self, sender: Any) -> None:
        """Hold the picture."""

    def play(self, sender: Any) -> None:
        """Go on."""

    async def stop(self, session_id: str, reason: str = "") -> None:
        """End what the session shares, and tell it why."""

    def lay_out(self, layout: Layout) -> None:
        """Share the screen like this."""

    def focus(self, stream: int | None) -> None:
        """Make one stream the largest and the one that is heard."""

    @property
    def arrangement(self) -> SetLayout:
        """The layout and the focus."""


class Films(Protocol):
    """What plays from addresses."""

    async def cast(self, sender: Any, url: str) -> int:
        """Play it as the sender's stream; the stream's number. Raises PeerError, ReceiverError."""

    async def seek(self, sender: Any, position_s: float) -> None:
        """Go there in what the sender plays. Raises PeerError where it can't be."""


class Console:
    """The caller at the machine itself."""

    sender_name = "Someone at the display"
    role: Role = "owner"
    media: StreamMachine | None = None
