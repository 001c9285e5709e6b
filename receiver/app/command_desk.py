"""The commands of DDP.md section 6, done: who may give them, which stream they mean, and what comes of it."""

from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakSet

from msgspec import UnsetType

from receiver.app.audit_desk import Record, unrecorded
from receiver.app.callers import Caller, Casts, Films, Sharer
from receiver.app.manner import Manners
from receiver.app.meant import Meant
from receiver.app.notices import Notices
from receiver.app.screen import Screen, StageMissing
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.commands import COMMANDS, Command, read, verbs
from receiver.ddp.messages import Method
from receiver.errors import PeerError, ReceiverError
from receiver.link import StageReady
from receiver.session.roles import allows
from receiver.session.stream import StreamCommand

Result = dict[str, object]


class CommandDesk:
    """Takes every ``display.*`` request. A command's class leads to its method here."""

    def __init__(self, screen: Screen, casts: Casts, notices: Notices, display_id: str) -> None:
        self._screen = screen
        self._casts = casts
        self._notices = notices
        self._display_id = display_id
        self.films: Films | None = None
        self._own_pauses: WeakSet[Any] = WeakSet()
        self.record: Record = unrecorded
        self._manners = Manners(screen)
        self._meant = Meant(casts)
        self.handlers: dict[type[Command], Callable[[Caller, Any], Awaitable[Result]]] = {
            verbs.Mirror: self._mirror,
            verbs.Extend: self._extend,
            verbs.Cast: self._cast,
            verbs.Seek: self._seek,
            verbs.Play: self._play,
            verbs.Pause: self._pause,
            verbs.Stop: self._stop,
            verbs.Resize: self._resize,
            verbs.Rotate: self._rotate,
            verbs.Volume: self._volume,
            verbs.Mute: self._mute,
            verbs.Layout: self._layout,
            verbs.Focus: self._focus,
            verbs.Identify: self._identify,
            verbs.Power: self._power,
        }

    async def run(self, caller: Caller, verb: str, params: dict[str, Any]) -> Result:
        """Do what ``verb`` asks for and tell what came of it. Raises PeerError, ReceiverError."""
        spec, command = read(verb, params)
        if not allows(caller.role, spec.scope):
            raise Refusal(
                ErrorCode.FORBIDDEN,
                f"{verb} needs the scope {spec.scope}, which a {caller.role} does not have. Ask a moderator.",
            )
        result = await self.handlers[spec.kind](caller, command)
        if spec.scope != "cast":
            self.record("command", caller.sender_name, verb=verb)
        return result

    def methods(self, caller: Caller) -> dict[str, Method]:
        """``display.*`` for one session."""

        def method(verb: str) -> Method:
            return lambda params: self.run(caller, verb, params)

        return {spec.method: method(verb) for verb, spec in COMMANDS.items()}

    def began(self, sharer: Sharer, stream: int) -> None:
        """A sender's new stream is given as its last one was."""
        self._own_pauses.discard(sharer)
        self._meant.remember(sharer)
        self._manners.give(stream, sharer)

    # ---- the media state machine

    async def _play(self, caller: Caller, command: verbs.Play) -> Result:
        return self._move(caller, command.stream, "play", self._casts.play)

    async def _pause(self, caller: Caller, command: verbs.Pause) -> Result:
        return self._move(caller, command.stream, "pause", self._casts.pause)

    def _move(
        self, caller: Caller, stream: int | UnsetType, command: StreamCommand, do: Callable[[Any], None]
    ) -> Result:
        """From stopped, ``play`` prepares for the offer that comes next. Raises IllegalStreamCommand."""
        if (media := self._meant.stopped(caller, stream)) is not None:
            return {"state": media.handle(command)}
        number, owner = self._meant.target(caller, stream, command)
        owner.media.check(command)
        if command == "play" and owner is not caller and owner in self._own_pauses:
            raise Refusal(
                ErrorCode.FORBIDDEN,
                f"{owner.sender_name} paused it and sends nothing now; only {owner.sender_name} can go on.",
            )
        do(owner)
        if command == "pause" and owner is caller:
            self._own_pauses.add(owner)
        else:
            self._own_pauses.discard(owner)
        moved: Result = {"state": owner.media.handle(command)}
        if owner is not caller:
            owner.notify("display.state", {"stream": number, **moved, "by": caller.sender_name})
        return moved

    async def _stop(self, caller: Caller, command: verbs.Stop) -> Result:
        if (media := self._meant.stopped(caller, command.stream)) is not None:
            return {"state": media.handle("stop")}
        _, owner = self._meant.target(caller, command.stream, "stop")
        await self._casts.stop(owner.session_id, "" if owner is caller else f"{caller.sender_name} stopped it.")
        return {"state": owner.media.handle("stop")}

    # ---- how a stream is given

    def _change(self, caller: Caller, stream: int | UnsetType, verb: str, **changed: Any) -> Result:
        number, owner = self._meant.target(caller, stream, verb)
        self._manners.change(owner, **changed)
        self._manners.give(number, owner)
        return {"stream": number, **changed}

    async def _resize(self, caller: Caller, command: verbs.Resize) -> Result:
        return self._change(caller, command.stream, "resize", scale=command.scale)

    async def _rotate(self, caller: Caller, command: verbs.Rotate) -> Result:
        return self._change(caller, command.stream, "rotate", degrees=command.degrees)

    async def _volume(self, caller: Caller, command: verbs.Volume) -> Result:
        return self._change(caller, command.stream, "make louder", level=command.level)

    async def _mute(self, caller: Caller, command: verbs.Mute) -> Result:
        return self._change(caller, command.stream, "mute", muted=command.muted)

    # ---- display modes

    async def _mirror(self, caller: Caller, command: verbs.Mirror) -> Result:
        mode = self._mode()
        self._manners.change(caller, scale=command.scale)
        for number, owner in self._casts.streams.items():
            if owner is caller:
                self._manners.give(number, caller)
        return {"device_id": command.device_id, "scale": command.scale, **mode}

    async def _extend(self, caller: Caller, command: verbs.Extend) -> Result:
        return self._mode()

    def _ready(self) -> StageReady:
        if self._screen.ready is None:
            raise StageMissing("The screen is being started again. Try again in a few seconds.")
        return self._screen.ready

    def _mode(self) -> Result:
        """What a virtual monitor needs to be this screen's twin; its size in mm where the screen tells it."""
        ready = self._ready()
        mode: Result = {"width": ready.width, "height": ready.height, "refresh_mhz": ready.refresh_mhz}
        if ready.width_mm and ready.height_mm:
            mode |= {"width_mm": ready.width_mm, "height_mm": ready.height_mm}
        return mode

    # ---- what plays from an address

    def _player(self) -> Films:
        if self.films is None:
            raise Refusal(ErrorCode.METHOD_NOT_FOUND, "This display plays nothing from addresses. Share your screen.")
        return self.films

    async def _cast(self, caller: Caller, command: verbs.Cast) -> Result:
        films, media = self._player(), caller.media
        if media is None:
            raise Refusal(ErrorCode.INVALID_PARAMS, "The console has no stream of its own; cast from a sender.")
        media.handle("offer")
        try:
            stream = await films.cast(caller, command.url)
        except (PeerError, ReceiverError):
            media.handle("stop")
            raise
        self._meant.remember(caller)
        self._manners.give(stream, caller)
        return {"stream": stream, "state": media.state, "end_to_end": False}

    async def _seek(self, caller: Caller, command: verbs.Seek) -> Result:
        films = self._player()
        number, owner = self._meant.target(caller, command.stream, "seek in")
        await films.seek(owner, command.position_s)
        return {"stream": number, "position_s": command.position_s}

    # ---- the whole screen

    async def _layout(self, caller: Caller, command: verbs.Layout) -> Result:
        self._casts.lay_out(command.layout)
        return self._arranged()

    async def _focus(self, caller: Caller, command: verbs.Focus) -> Result:
        self._casts.focus(self._meant.target(caller, command.stream, "focus")[0])
        return self._arranged()

    def _arranged(self) -> Result:
        return {"layout": self._casts.arrangement.layout, "focus": self._casts.arrangement.focus}

    async def _identify(self, caller: Caller, command: verbs.Identify) -> Result:
        self._notices.identify(self._display_id, command.seconds)
        return {"display_id": self._display_id, "display_name": self._notices.facts.display_name}

    async def _power(self, caller: Caller, command: verbs.Power) -> Result:
        """``standby``: whether the screen itself goes to sleep; where it can't, it stays on and shows black."""
        ready = self._ready()
        self._screen.power(command.on)
        return {"on": command.on, "standby": ready.sleeps and not command.on}
