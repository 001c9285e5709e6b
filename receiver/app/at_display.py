"""What people do at the display itself, wired: its keys and the TV's remote control answer what the TV asks, end remote
control, and are told to the sender whose picture is shown."""

from receiver.app.back_desk import OFF
from receiver.app.casting import Casting
from receiver.app.desk import FrontDesk
from receiver.app.floor_desk import FloorDesk
from receiver.app.hands import HandsProcess
from receiver.app.notices import Notices
from receiver.app.screen import Screen
from receiver.app.tv_desk import TvDesk
from receiver.config import Config
from receiver.input.local import FRONT
from receiver.link import WatchLocal


class AtDisplay:
    """Joins ``hands`` and ``tv``, by which it comes, to the desks that it is for."""

    def __init__(
        self,
        config: Config,
        screen: Screen,
        casting: Casting,
        notices: Notices,
        desk: FrontDesk,
        floor: FloorDesk,
        hands: HandsProcess,
        tv: TvDesk,
    ) -> None:
        self._config = config
        self._screen = screen
        self._casting = casting
        self._hands = hands
        self._control, self._back = control, back = desk.input, desk.back
        control.hands, control.layout, control.aim = hands, config.input.layout, screen.aim
        control.on_driving = notices.drive
        control.on_stopped = lambda names: notices.toast("A key was pressed here: remote control has ended")
        hands.on_local_key = tv.on_other_key = self._key
        hands.on_tv_key = tv.key
        tv.askers = control, floor
        back.lack, back.main, back.place = self.lack, self._main_session, screen.in_picture
        back.watch, back.watched = self._watch, lambda: hands.watching
        back.on_going, hands.on_watching = notices.going_back, back.settle
        hands.on_local_event, tv.on_key = back.take, back.tv_key

    def _key(self, device: str) -> None:
        """A key of the display's own ends remote control; where there is none, it may be for a sender."""
        if self._control.local_key(device):
            self._back.stopped()
        else:
            self._back.typing()

    def _main_session(self) -> str | None:
        stream = self._screen.main
        sender = None if stream is None else self._casting.streams.get(stream)
        return None if sender is None else sender.session_id

    def _watch(self, on: bool) -> None:
        ready, wanted = self._screen.ready, WatchLocal(False)
        if on and ready is not None:
            wanted = WatchLocal(True, ready.width, ready.height, self._config.output.rotate, ready.console)
        self._hands.watch(wanted)

    def lack(self) -> str:
        """Why what is done here is told to no sender: keys are every program's, so the screen must be ours alone."""
        ready, wanted = self._screen.ready, self._config.input.back
        if wanted == "off":
            return OFF
        if wanted == "always":
            return ""
        if ready is None or ready.output not in ("kms", "kmsdrm"):
            return "This display has not got the machine's screen to itself, so what is done here may be for others."
        if not ready.console and FRONT.exists():
            return "This display is at no virtual terminal, so it can't tell what is done here from a login at another."
        return ""
