"""The life of a media stream (DDP.md section 5). Pure.

    stopped ──play──▶ preparing ──live──▶ playing ⇄ (pause / play) ⇄ paused

``stop`` is allowed everywhere. An ``offer`` is too: it is how a sender plays from stopped, and how it finds another
path for a stream that is on, which stays what it is.
"""

from typing import Literal

from receiver.errors import PeerError

StreamState = Literal["stopped", "preparing", "playing", "paused"]
StreamCommand = Literal["offer", "play", "live", "pause", "stop"]

TRANSITIONS: dict[tuple[StreamState, StreamCommand], StreamState] = {
    ("stopped", "offer"): "preparing",
    ("preparing", "offer"): "preparing",
    ("playing", "offer"): "playing",
    ("paused", "offer"): "paused",
    ("stopped", "play"): "preparing",
    ("stopped", "stop"): "stopped",
    ("preparing", "live"): "playing",
    ("preparing", "stop"): "stopped",
    ("playing", "live"): "playing",
    ("playing", "pause"): "paused",
    ("playing", "stop"): "stopped",
    ("paused", "live"): "paused",
    ("paused", "play"): "playing",
    ("paused", "stop"): "stopped",
}


class IllegalStreamCommand(PeerError):
    """A command that the stream's state has no use for; names both."""


class StreamMachine:
    """Where one stream stands."""

    def __init__(self) -> None:
        self.state: StreamState = "stopped"

    def check(self, command: StreamCommand) -> StreamState:
        """The state that ``command`` would lead to. Raises IllegalStreamCommand."""
        try:
            return TRANSITIONS[self.state, command]
        except KeyError:
            raise IllegalStreamCommand(f"{command} is not possible while the stream is {self.state}") from None

    def handle(self, command: StreamCommand) -> StreamState:
        """Move on ``command`` and return the new state. Raises IllegalStreamCommand."""
        self.state = self.check(command)
        return self.state

    def follow(self, state: str) -> None:
        """What has become of the stream: ``live`` or ``ended``; else nothing. One that was stopped stays so."""
        if state == "live" and self.state != "stopped":
            self.handle("live")
        elif state == "ended":
            self.handle("stop")
