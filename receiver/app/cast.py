"""One cast that is on: whose it is, where its frames come from, and how it goes."""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from receiver.app.intakes import Intake
from receiver.app.url_casting import UrlCast
from receiver.errors import PeerError
from receiver.link import IntakeStats, StreamStats


class Sender(Protocol):
    """The session of whoever casts, as casting sees it."""

    @property
    def sender_name(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    def on_stats(self, stats: dict[str, object]) -> None:
        """Once a second while pictures come: the fields of ``display.stats``."""

    def on_state(self, state: str, reason: str, again: bool = False) -> None:
        """``live``, ``reconnecting`` or ``ended``, with a sentence. ``again``: its path is gone, it should offer
        another one."""


class NotCasting(PeerError):
    """The command needs a running cast of the same sender."""

    def __init__(self, command: str) -> None:
        super().__init__(f"There is nothing to {command}: you are not sharing. Start sharing first.")


class NoSuchStream(PeerError):
    """The command names a stream that is not on."""

    def __init__(self, stream: int) -> None:
        super().__init__(f"Stream {stream} is not on the display any more.")


class NotAFilm(PeerError):
    """Only what plays from an address has other times to go to."""

    def __init__(self) -> None:
        super().__init__("A shared screen has no other time to go to; only what plays from an address can be wound.")


@dataclass
class Cast:
    """One sender's cast that is on now."""

    sender: Sender
    intake: Intake | UrlCast
    stream: int
    coming: Intake | None = None
    """Another path, which takes over once it stands."""
    timer: asyncio.TimerHandle | None = None
    """Ends a cast that does not connect, or that is interrupted for too long."""
    interrupted: bool = False
    """Nothing is heard on its path at the moment."""
    lost: bool = False
    """Its path has ended, and another one is waited for."""
    live: bool = False
    faults: int = 0
    """How often its path ended by an error of ours."""
    shown: StreamStats | None = None

    @property
    def sender_name(self) -> str:
        return self.sender.sender_name

    @property
    def stats(self) -> tuple[StreamStats | None, IntakeStats | None]:
        return self.shown, self.intake.stats

    @property
    def film(self) -> UrlCast | None:
        """What plays from an address; None for a shared screen."""
        return self.intake if isinstance(self.intake, UrlCast) else None

    @property
    def end_to_end(self) -> bool:
        """Whether the sender's own keys protect the picture all the way: not where a server gives it."""
        return self.film is None

    @property
    def note(self) -> str:
        """What the sender should know of a film, e.g. that it is shown without its sound; else empty."""
        return self.film.note if self.film else ""

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def tell(self, stats: StreamStats) -> None:
        """Give the sender the fields of ``display.stats``: frames dropped on the stage and on the way there."""
        self.shown = stats
        dropped = stats.dropped | (self.intake.stats.dropped if self.intake.stats is not None else {})
        self.sender.on_stats(
            {
                "stream": stats.stream,
                "width": stats.width,
                "height": stats.height,
                "fps": stats.fps,
                "codec": stats.codec,
                "transit_ms": stats.transit_ms,
                "dropped": dropped,
                **(self.film.progress if self.film else {}),
            }
        )

    def status(self) -> dict[str, Any]:
        """For ``ddp-receiver status``."""
        stats, shown = self.intake.stats, self.shown
        return {
            "sender": self.sender_name,
            "stream": self.stream,
            "live": self.live,
            "end_to_end": self.end_to_end,
            "picture": f"{shown.codec} {shown.width}x{shown.height}" if shown else None,
            "fps": shown.fps if shown else None,
            "transit_ms": shown.transit_ms if shown else None,
            "sound_after_picture_ms": shown.audio_offset_ms if shown else None,
            "decoder": shown.decoder if shown else None,
            **({"fallback": shown.fallback} if shown and shown.fallback else {}),
            "srtp_cipher": stats.srtp_cipher if stats else "",
            "missed": shown.missed if shown else {},
            "packets_lost": stats.packets_lost if stats else 0,
            "dropped": stats.dropped if stats else {},
        }
