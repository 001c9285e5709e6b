"""Which stream a command means, and whose it is: what its caller may leave unsaid, and what is not its to command."""

from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

from msgspec import UnsetType

from receiver.app.callers import Caller, Casts, Sharer
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.session.roles import allows
from receiver.session.stream import StreamMachine


class Meant:
    """Reads the streams of commands, and remembers who has shared."""

    def __init__(self, casts: Casts) -> None:
        self._casts = casts
        self._sharers: WeakSet[Any] = WeakSet()

    def remember(self, sharer: Caller | Sharer) -> None:
        """It has shared."""
        self._sharers.add(sharer)

    def target(self, caller: Caller, stream: int | UnsetType, verb: str) -> tuple[int, Any]:
        """The stream that a command means, and whose it is. Raises Refusal."""
        streams, controls = self._casts.streams, allows(caller.role, "control")
        if isinstance(stream, UnsetType):
            own = [number for number, owner in streams.items() if owner is caller]
            meant = own or (list(streams) if self._others(caller) else [])
            if not meant:
                why = "nothing is shared now" if controls else "you are not sharing; start sharing first"
                if controls and streams:
                    why = f"yours has ended; say which one you mean: {_listed(streams)}"
                raise Refusal(ErrorCode.INVALID_PARAMS, f"There is no stream to {verb}: {why}.")
            if len(meant) > 1:
                raise Refusal(ErrorCode.INVALID_PARAMS, f"Say which stream to {verb}: {_listed(meant)}.")
            stream = meant[0]
        if stream not in streams:
            there = f"there are {_listed(streams)}" if streams else "nothing is shared now"
            raise Refusal(ErrorCode.INVALID_PARAMS, f"There is no stream {stream} to {verb}; {there}.")
        if streams[stream] is not caller and not controls:
            raise Refusal(
                ErrorCode.FORBIDDEN, f"Stream {stream} is somebody else's; only a moderator may {verb} it for them."
            )
        return stream, streams[stream]

    def stopped(self, caller: Caller, stream: int | UnsetType) -> StreamMachine | None:
        """The caller's own stream, where a command means that one although it is not on."""
        streams = self._casts.streams
        others = self._others(caller) and len(streams) > 0
        shares = any(owner is caller for owner in streams.values())
        return caller.media if isinstance(stream, UnsetType) and not shares and not others else None

    def _others(self, caller: Caller) -> bool:
        """Whether a command that names no stream may mean somebody else's.

        Not of who has shared: what such a one says of its own stream may come just after that has ended, by a takeover
        say, and must not fall on the stream that is there now.
        """
        return allows(caller.role, "control") and caller not in self._sharers


def _listed(streams: Iterable[int]) -> str:
    return ", ".join(map(str, streams))
