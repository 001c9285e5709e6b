"""The sessions of a display: who is here, by session and by device."""

import asyncio
import logging
from collections.abc import Callable

from receiver.app.peer import Peer
from receiver.ddp.codes import CloseCode

TICK_S = 1.0
MAX_SESSIONS = 64
"""Drop rule: the session that has been suspended longest ends; one more than can be connected needs it."""

log = logging.getLogger(__name__)

REVOKED = "This device's access to the display was revoked. Pair again to go on."


class Sessions:
    """Every session from the moment its sender has proven itself until it ends."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self.on_connected: Callable[[Peer, bool], None] = lambda peer, connected: None
        """Told when a session is suspended, and when it is resumed or has ended, so is waited for no more."""

    def __len__(self) -> int:
        return len(self._peers)

    def add(self, peer: Peer) -> None:
        """Hold ``peer`` until it ends."""
        self._peers[peer.session_id] = peer
        peer.on_end = self._ended
        peer.on_connected = lambda peer, connected: self.on_connected(peer, connected)
        suspended = [other for other in self._peers.values() if other.state == "suspended"]
        if len(self._peers) > MAX_SESSIONS and suspended:
            suspended[0].close(CloseCode.TRY_LATER, "The display needs the room for others.")

    def _ended(self, peer: Peer) -> None:
        self._peers.pop(peer.session_id, None)
        self.on_connected(peer, True)

    def all(self) -> list[Peer]:
        """Every session, the oldest first."""
        return list(self._peers.values())

    def get(self, session_id: str) -> Peer | None:
        """The session of that id."""
        return self._peers.get(session_id)

    async def run(self) -> None:
        """Keep the sessions' times, until cancelled."""
        while True:
            await asyncio.sleep(TICK_S)
            self.tick()

    def tick(self) -> None:
        """Look at every session's times."""
        for peer in tuple(self._peers.values()):
            peer.tick()

    def status(self) -> list[dict[str, object]]:
        """Who is connected, or was until lately, for ``ddp-receiver status``."""
        return [
            {"session": peer.session_id, "sender": peer.sender_name, "state": peer.state}
            for peer in self._peers.values()
        ]

    def of(self, fingerprint: str) -> list[Peer]:
        """The sessions of one device."""
        return [peer for peer in self._peers.values() if peer.fingerprint == fingerprint]

    def revoke(self, fingerprint: str) -> int:
        """End every session of a device and close its sockets, at once; how many there were."""
        peers = self.of(fingerprint)
        for peer in peers:
            log.info("session %s of %s ends: its device was revoked", peer.session_id, peer.sender_name)
            peer.close(CloseCode.REPLACED, REVOKED)
        return len(peers)
