"""A stage that outlives its app: one app after the other, over a listening socket.

Between two apps the last picture stays for ``HOLD_S``, since a new app is soon there and its senders come back with
their streams; after that the idle screen is there, without what only an app can keep true.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from receiver.link import LinkError, Scene, StageReady
from receiver.linkio import Link
from receiver.stage.screen import Screen
from receiver.stage.stage import Stage

log = logging.getLogger(__name__)

HOLD_S = 10.0


def alone(name: str, dark: bool = False) -> Scene:
    """What may be shown while there is no app: nobody can pair, so no address, no code, no PIN."""
    return Scene(name, "", "", "Starting…", network_ok=True, dark=dark)


async def serve(
    door: socket.socket, make: Callable[[Link], Stage], ready: Callable[[], StageReady], screen: Screen
) -> None:
    """For ever. ``make`` gives the stage that obeys a link, ``ready`` what each app is told first."""
    door.setblocking(False)
    loop = asyncio.get_running_loop()
    left: Stage | None = None
    while True:
        knock = asyncio.ensure_future(loop.sock_accept(door))
        if left is not None:
            await asyncio.wait({knock}, timeout=HOLD_S)
            left.close()
        app = Link((await knock)[0])
        log.info("the app is there")
        left = make(app)
        try:
            app.send(ready())
            await left.obey()
        except LinkError as error:
            log.error("the link to the app broke: %s", error)
        finally:
            app.close()
        log.warning("the app is gone; its last picture stays for %.0f s", HOLD_S)
        screen.set_scene(alone(screen.scene.display_name, screen.scene.dark))
