"""A shared screen's path to the display: it comes to stand, is interrupted, is lost, and is followed by another.

A path is an intake. While another one is ``coming``, the one there is goes on as well as it can; where that one is lost
first, the last picture stays meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable

from receiver.app.background import Background
from receiver.app.cast import Cast
from receiver.app.intakes import Intake, IntakePool
from receiver.app.screen import Screen
from receiver.link import TransportState

CONNECT_TIMEOUT_S = 15.0
HOLD_S = 30.0
"""For how long a stream without a path keeps its picture: as long as its session may be resumed (DDP.md section 5)."""
FAULTS = 3
"""So many times a cast is asked to go on after an error of ours; what this happens to again and again is ended."""
OUR_FAULT = "The display lost the picture by an error of its own; trying to go on."
NO_PATH = (
    "The picture could not get through: no network path to the display was found. "
    "Check that both are on the same network and that no firewall blocks UDP, then share again."
)
LOST = "The connection for the picture was lost. Share again."
CLOSED = "The connection for the picture was closed. Share again."

GiveUp = Callable[[Cast, str], None]
"""End a cast, for a reason that is told to its sender."""
Interrupted = Callable[[Cast, bool], None]
"""Say that a picture stands still for lack of a path, or no more."""

log = logging.getLogger(__name__)


class Paths:
    """Sees to the paths of all casts."""

    def __init__(
        self, screen: Screen, pool: IntakePool, background: Background, give_up: GiveUp, interrupted: Interrupted
    ) -> None:
        self._screen = screen
        self._pool = pool
        self._background = background
        self._give_up = give_up
        self._interrupted = interrupted

    def begin(self, cast: Cast, intake: Intake) -> None:
        """The first one's answer is there, so the sender can connect."""
        self._show(cast, intake)
        self._end_after(CONNECT_TIMEOUT_S, cast, NO_PATH)

    def take_another(self, cast: Cast, intake: Intake) -> None:
        """The sender looks for another path; it takes over once it stands."""
        self.drop_coming(cast)
        cast.coming = intake

    def drop_coming(self, cast: Cast) -> None:
        """Of the path that is coming nothing came."""
        if cast.coming is not None:
            self._background.spawn(cast.coming.stop())
            cast.coming = None

    def hear(self, cast: Cast, intake: Intake, state: TransportState) -> None:
        """What an intake tells of its path; one that has been followed by another counts no more."""
        if intake not in (cast.intake, cast.coming):
            return
        match state.state:
            case "connected":
                self._connected(cast, intake)
            case "failed" | "closed" if intake is cast.coming:
                self.drop_coming(cast)
                if cast.lost and not cast.live:
                    self._give_up(cast, state.reason)
            case "failed" if cast.live and cast.coming is None and cast.faults < FAULTS:
                self._ask_again(cast, state.reason)
            case "failed" | "closed" if cast.coming is not None or (cast.live and cast.interrupted):
                self._hold(cast, state.reason)
            case "failed" | "closed":
                self._give_up(cast, state.reason or CLOSED)
            case "disconnected" if intake is cast.intake:
                self._interrupt(cast, True)
                cast.sender.on_state("reconnecting", "The connection to the display is interrupted; trying to go on.")

    def _connected(self, cast: Cast, intake: Intake) -> None:
        cast.stop_timer()
        if intake is cast.coming:
            log.info("stream %d goes on by another path", cast.stream)
            self._background.spawn(cast.intake.stop())
            cast.intake, cast.coming, cast.lost = intake, None, False
            self._show(cast, intake)
        else:
            log.info("stream %d is connected", cast.stream)
        if cast.interrupted:
            self._interrupt(cast, False)
            cast.sender.on_state("live", cast.note)
        self._background.spawn(self._pool.warm())

    def _interrupt(self, cast: Cast, interrupted: bool) -> None:
        cast.interrupted = interrupted
        self._interrupted(cast, interrupted)

    def _hold(self, cast: Cast, reason: str) -> None:
        """Its path is gone and its sender may be looking for another one: the last picture stays for a while."""
        if cast.lost:
            return
        log.info("stream %d has lost its path: %s", cast.stream, reason)
        cast.lost = True
        cast.stop_timer()
        self._end_after(HOLD_S, cast, LOST)

    def _ask_again(self, cast: Cast, reason: str) -> None:
        """Its path ended by a fault of ours, and its sender may not notice for long: ask for another one."""
        cast.faults += 1
        self._interrupt(cast, True)
        self._hold(cast, reason)
        cast.sender.on_state("reconnecting", OUR_FAULT, again=True)

    def _show(self, cast: Cast, intake: Intake) -> None:
        self._screen.attach(cast.stream, cast.sender_name, intake.connect_stage)

    def _end_after(self, wait_s: float, cast: Cast, reason: str) -> None:
        cast.timer = asyncio.get_running_loop().call_later(wait_s, self._give_up, cast, reason)
