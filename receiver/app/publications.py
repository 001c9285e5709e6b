"""What the data layer's publications show (DDP.md section 11)."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from receiver.config import Config
from receiver.link import IntakeStats, StreamStats

Documents = dict[str, dict[str, object]]

SAFE_SETTINGS = (
    "display.name",
    "display.id",
    "output.kind",
    "output.width",
    "output.height",
    "output.fullscreen",
    "sound.device",
    "pace.mode",
    "discovery.mdns",
    "discovery.ssdp",
)
"""What a paired sender may know: nothing of this machine's files, its network or its log."""


class Session(Protocol):
    """A session as others in the room may see it."""

    session_id: str
    sender_name: str

    @property
    def role(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def casts(self) -> bool: ...


class Stream(Protocol):
    """A cast as others in the room may see it. ``stats``: what the stage and the intake have told last."""

    stream: int
    live: bool

    @property
    def sender_name(self) -> str: ...

    @property
    def end_to_end(self) -> bool: ...

    @property
    def stats(self) -> tuple[StreamStats | None, IntakeStats | None]: ...


def sessions(present: Iterable[Session]) -> Documents:
    """Who is here, by session id."""
    return {
        one.session_id: {"name": one.sender_name, "role": one.role, "state": one.state, "casts": one.casts}
        for one in present
    }


def streams(on: Iterable[Stream]) -> Documents:
    """What is on the screen, by the stream's number, with the figures of the last second."""
    return {str(one.stream): _stream(one) for one in on}


def _stream(stream: Stream) -> dict[str, object]:
    shown, received = stream.stats
    document: dict[str, object] = {
        "sender": stream.sender_name,
        "live": stream.live,
        "end_to_end": stream.end_to_end,
    }
    dropped: dict[str, int] = {}
    if shown is not None:
        dropped |= shown.dropped
        document |= {
            "codec": shown.codec,
            "width": shown.width,
            "height": shown.height,
            "fps": shown.fps,
            "transit_ms": shown.transit_ms,
            "frames_decoded": shown.frames_decoded,
            "frames_presented": shown.frames_presented,
            "missed": shown.missed,
        }
    if received is not None:
        dropped |= received.dropped
        document |= {
            "packets_received": received.packets_received,
            "packets_lost": received.packets_lost,
            "bytes_received": received.bytes_received,
            "nack_count": received.nack_count,
            "pli_count": received.pli_count,
            "round_trip_ms": received.round_trip_ms,
        }
    return document | {"dropped": dropped}


def settings(config: Config) -> Documents:
    """The settings that senders may know, by their names in the configuration file."""
    return {name: {"value": _value(config, name)} for name in SAFE_SETTINGS}


def _value(config: Config, name: str) -> object:
    section, _, key = name.partition(".")
    return getattr(getattr(config, section), key)


def displays(display_id: str, description: Mapping[str, object]) -> Documents:
    """This display, as ``/.well-known/ddp`` describes it to everybody."""
    return {display_id: dict(description)}
