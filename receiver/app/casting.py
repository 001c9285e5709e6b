"""Casts: for each sender an intake, a stream on the stage, and word of how it goes. Who may cast is the floor's."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from receiver.app.audit_desk import Record, unrecorded
from receiver.app.background import Background
from receiver.app.cast import Cast, NoSuchStream, NotAFilm, NotCasting, Sender
from receiver.app.intakes import Intake, IntakePool, OfferRefused
from receiver.app.paths import Paths
from receiver.app.publications import Stream
from receiver.app.screen import Screen
from receiver.app.url_casting import Reach, UrlCast
from receiver.errors import PeerError, ReceiverError
from receiver.link import Layout, QuicOpened, SetLayout, StreamStats, TransportState, UrlState
from receiver.media import Codec

T = TypeVar("T")
Ask = Callable[[Intake, int, tuple[Codec, ...]], Awaitable[T]]
"""How an intake is told of its stream; gives what the sender is told."""

log = logging.getLogger(__name__)


class Casting:
    """Takes offers and runs the casts that follow, one for each sender's session."""

    def __init__(self, screen: Screen, reach: Reach, quic: bool = True) -> None:
        self._screen = screen
        self._reach = reach
        self._quic = quic
        self._pool = IntakePool()
        self._streams = itertools.count(1)
        self._casts: dict[str, Cast] = {}
        self._closing = False
        self._background = Background()
        self._paths = Paths(screen, self._pool, self._background, self._give_up, self._interrupted)
        self.on_live: Callable[[str], None] = lambda sender_name: None
        self.on_fallback: Callable[[], None] = lambda: None
        self.record: Record = unrecorded
        self.on_end: Callable[[str], None] = lambda session_id: None
        self.on_interrupted: Callable[[str, str | None], None] = lambda session_id, sender_name: None
        """A picture stands still for lack of a path; with None: no more."""
        screen.on_stats = self._on_stats
        screen.on_live = self._on_live

    async def start(self) -> None:
        """Load the spare intake."""
        await self._pool.warm()

    async def offer(self, sender: Sender, sdp: str) -> tuple[str, int]:
        """Take an offer; returns the SDP answer and the stream's number.

        A second offer of the same session is another path for its stream, which takes over once it stands; until then
        the one before goes on as well as it can, and where that offer is refused, too. Raises OfferRefused,
        ReceiverError.
        """
        return await self._begin(sender, lambda intake, stream, codecs: intake.offer(stream, sdp, codecs))

    async def quic(self, sender: Sender) -> tuple[QuicOpened, int]:
        """``offer`` for a sender that comes over WebTransport: where it is awaited, and the stream's number.

        Raises OfferRefused, ReceiverError.
        """
        if not self._quic:
            raise OfferRefused("Sharing over QUIC is turned off on this display.")
        return await self._begin(sender, Intake.open_quic)

    async def _begin(self, sender: Sender, ask: Ask[T]) -> tuple[T, int]:
        ready = self._screen.ready
        if ready is None or self._closing:
            raise ReceiverError("The screen is being started again. Try again in a few seconds.")
        intake = await self._pool.take()
        cast = self._casts.get(sender.session_id)
        if cast is not None and cast.film:
            await self._end(cast)
            cast = None
        if cast is None:
            cast = self._casts[sender.session_id] = Cast(sender, intake, next(self._streams))
        else:
            self._paths.take_another(cast, intake)
        answer = await self._answer(cast, intake, ask, ready.codecs)
        if intake is cast.intake:
            self._paths.begin(cast, intake)
        return answer, cast.stream

    async def _answer(self, cast: Cast, intake: Intake, ask: Ask[T], codecs: tuple[Codec, ...]) -> T:
        intake.on_state = lambda state: self._on_transport(cast, intake, state)
        try:
            answer = await ask(intake, cast.stream, codecs)
        except (PeerError, ReceiverError):
            if intake is cast.coming:
                self._paths.drop_coming(cast)
            elif intake is cast.intake:
                await self._end(cast)
            raise
        if not self._is_on(cast):
            raise ReceiverError("Your cast was ended before it began. Share again.")
        return answer

    async def cast(self, sender: Sender, url: str) -> int:
        """Play what is at an address as the session's stream; returns its number once it plays.

        It replaces what the session shares. Raises UrlNotCast, ReceiverError.
        """
        if (replaced := self._casts.get(sender.session_id)) is not None:
            await self._end(replaced)
        if self._closing:
            raise ReceiverError("The display is switching off.")
        intake = await UrlCast.start(self._screen, next(self._streams))
        cast = self._casts[sender.session_id] = Cast(sender, intake, intake.stream)
        intake.on_state = lambda state: self._on_url(cast, state)
        try:
            await intake.open(sender.sender_name, url, self._reach)
        except (PeerError, ReceiverError):
            await self._end(cast)
            raise
        if not self._is_on(cast):
            raise ReceiverError("Your cast was ended before it began. Cast again.")
        return cast.stream

    async def seek(self, sender: Sender, position_s: float) -> None:
        """Go to a time in what plays from an address. Raises NotCasting, NotAFilm, UrlNotCast."""
        film = self._of(sender, "wind").film
        if film is None:
            raise NotAFilm
        film.seek(position_s)

    def candidate(self, sender: Sender, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        """A trickled candidate of the sender's; ignored when it does not cast."""
        cast = self._casts.get(sender.session_id)
        intake = cast and (cast.coming or cast.intake)
        if isinstance(intake, Intake):
            intake.candidate(candidate, sdp_mid, sdp_mline_index)

    def pause(self, sender: Sender) -> None:
        """Hold the picture and silence the sound."""
        cast = self._of(sender, "pause")
        self._screen.pause(cast.stream, True)
        if cast.film:
            cast.film.pause()

    def play(self, sender: Sender) -> None:
        """Go on after a pause."""
        cast = self._of(sender, "play")
        self._screen.pause(cast.stream, False)
        if cast.film:
            cast.film.play()

    async def stop(self, session_id: str, reason: str = "") -> None:
        """End the session's cast, if it has one; a ``reason`` is told to its sender."""
        if (cast := self._casts.get(session_id)) is not None:
            self._take_off(cast, reason)
            self.on_end(session_id)
            await self._close_intake(cast)

    def stop_soon(self, session_id: str, reason: str) -> None:
        """``stop``, without waiting for it."""
        self._background.spawn(self.stop(session_id, reason))

    # ---- the whole screen

    @property
    def streams(self) -> dict[int, Sender]:
        """The streams that are on, oldest first, and whose they are."""
        return {cast.stream: cast.sender for cast in self._casts.values()}

    def stream_of(self, session_id: str) -> int | None:
        """The session's stream, if it casts."""
        cast = self._casts.get(session_id)
        return None if cast is None else cast.stream

    def lay_out(self, layout: Layout) -> None:
        """Share the screen like this among the pictures, from now on."""
        self._screen.arrange(msgspec.structs.replace(self._screen.arrangement, layout=layout))

    def focus(self, stream: int | None) -> None:
        """Make one stream the largest and the one that is heard; None: the newest, as at first. Raises NoSuchStream."""
        if stream is not None and stream not in self.streams:
            raise NoSuchStream(stream)
        self._screen.arrange(msgspec.structs.replace(self._screen.arrangement, focus=stream))

    @property
    def arrangement(self) -> SetLayout:
        """The layout and the focus."""
        return self._screen.arrangement

    # ---- how

    def _of(self, sender: Sender, command: str) -> Cast:
        cast = self._casts.get(sender.session_id)
        if cast is None:
            raise NotCasting(command)
        return cast

    def _is_on(self, cast: Cast) -> bool:
        return self._casts.get(cast.sender.session_id) is cast

    def _by_stream(self, stream: int) -> Cast | None:
        return next((cast for cast in self._casts.values() if cast.stream == stream), None)

    def _on_transport(self, cast: Cast, intake: Intake, state: TransportState) -> None:
        if self._is_on(cast):
            self._paths.hear(cast, intake, state)

    def _interrupted(self, cast: Cast, interrupted: bool) -> None:
        self.on_interrupted(cast.sender.session_id, cast.sender.sender_name if interrupted else None)

    def _on_url(self, cast: Cast, state: UrlState) -> None:
        if not self._is_on(cast):
            return
        match state.state:
            case "reconnecting":
                cast.sender.on_state("reconnecting", state.reason)
            case "ended":
                self._give_up(cast, "It has played to its end.")
            case "failed":
                self._give_up(cast, state.reason)

    def _on_stats(self, stats: StreamStats) -> None:
        if (cast := self._by_stream(stats.stream)) is not None:
            if stats.fallback and (cast.shown is None or cast.shown.fallback != stats.fallback):
                log.warning("stream %d: %s", cast.stream, stats.fallback)
                self.on_fallback()
            cast.tell(stats)

    def _on_live(self, stream: int) -> None:
        if (cast := self._by_stream(stream)) is None:
            return
        cast.sender.on_state("live", cast.note)
        self._interrupted(cast, False)
        if not cast.live:
            cast.live = True
            self.on_live(cast.sender.sender_name)
            self.record("cast began", cast.sender.sender_name, stream=cast.stream, session=cast.sender.session_id)

    def _give_up(self, cast: Cast, reason: str) -> None:
        if self._is_on(cast):
            log.info("stream %d ends: %s", cast.stream, reason)
            self.stop_soon(cast.sender.session_id, reason)

    async def _end(self, cast: Cast, reason: str = "") -> None:
        self._take_off(cast, reason)
        await self._close_intake(cast)

    def _take_off(self, cast: Cast, reason: str) -> None:
        if self._is_on(cast):
            del self._casts[cast.sender.session_id]
            if cast.live:
                self.record("cast ended", cast.sender.sender_name, stream=cast.stream, session=cast.sender.session_id)
        cast.stop_timer()
        self._interrupted(cast, False)
        self._screen.detach(cast.stream)
        if self._screen.arrangement.focus == cast.stream:
            self.focus(None)
        if reason:
            cast.sender.on_state("ended", reason)

    async def _close_intake(self, cast: Cast) -> None:
        self._paths.drop_coming(cast)
        await cast.intake.stop()
        if not self._closing:
            await self._pool.warm()

    @property
    def casts(self) -> list[Stream]:
        """All that is on."""
        return list(self._casts.values())

    def status(self) -> list[dict[str, Any]]:
        """Who casts, oldest first, for ``ddp-receiver status``."""
        return [cast.status() for cast in self._casts.values()]

    async def close(self) -> None:
        """End the casts and the spare; no more offers are taken."""
        self._closing = True
        self._background.cancel()
        ends = [self._end(cast, "The display is switching off.") for cast in tuple(self._casts.values())]
        await asyncio.gather(self._pool.close(), *ends)
