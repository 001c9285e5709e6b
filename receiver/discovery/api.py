"""What the parts of discovery have in common: each brings the network to a wanted state, again and again."""

from dataclasses import dataclass
from typing import Protocol

from receiver.discovery.interfaces import Interface
from receiver.discovery.record import Advertisement


@dataclass(frozen=True)
class Wanted:
    """What should be announced and where. A higher ``wakes`` (times the machine slept) asks to announce it afresh."""

    advertisement: Advertisement
    interfaces: tuple[Interface, ...]
    wakes: int = 0


class Announcer(Protocol):
    """SSDP or mDNS. Calls never overlap."""

    async def apply(self, wanted: Wanted) -> None:
        """Bring the network to this state; may be repeated. Raises OSError or ReceiverError where none of it worked."""

    async def close(self) -> None:
        """Say goodbye and release the sockets."""

    def problems(self) -> list[str]:
        """What does not work now, in words for a person; what is listed here is tried again."""

    def status(self) -> dict[str, object]:
        """Names, places and counters, JSON-ready."""
