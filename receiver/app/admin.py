"""The admin socket: the command line's way into the running receiver.

A Unix socket with mode 0600 in the runtime directory: whoever may open it is this user or root, so nothing more is
asked. It speaks the link's messages; one request at a time on each connection.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

from receiver.app.background import Background
from receiver.app.screen import Screen, StageMissing
from receiver.errors import ReceiverError
from receiver.link import (
    AdminDevices,
    AdminDevicesReply,
    AdminKeys,
    AdminKeysReply,
    AdminStatus,
    AdminStatusReply,
    LinkError,
    Message,
    SetTap,
    Snapshot,
    TakeSnapshot,
    TapPicture,
    TapSound,
)
from receiver.linkio import Link

log = logging.getLogger(__name__)

MAX_CLIENTS = 8


class AdminServer:
    """Serves ``AdminStatus``, ``AdminDevices``, ``AdminKeys``, ``TakeSnapshot`` and ``SetTap``."""

    def __init__(
        self,
        path: Path,
        screen: Screen,
        status: Callable[[], dict[str, object]],
        devices: Callable[[AdminDevices], AdminDevicesReply],
        keys: Callable[[AdminKeys], AdminKeysReply],
    ) -> None:
        self._path = path
        self._screen = screen
        self._status = status
        self._devices = devices
        self._keys = keys
        self._listener: socket.socket | None = None
        self._tasks = Background()

    def start(self) -> None:
        """Listen. Raises ReceiverError where another receiver does already, or the directory can't be used."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _answers(self._path):
                raise ReceiverError(
                    f"Another receiver already runs here: it holds {self._path}. "
                    "Stop it first, or give this one its own [paths] runtime_dir."
                )
            self._path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            previous = os.umask(0o177)
            try:
                listener.bind(str(self._path))
            finally:
                os.umask(previous)
        except OSError as error:
            raise ReceiverError(
                f"The admin socket {self._path} can't be made: {error.strerror}. Set [paths] runtime_dir to a folder "
                "that this user may write."
            ) from error
        listener.listen(MAX_CLIENTS)
        listener.setblocking(False)
        self._listener = listener
        self._tasks.spawn(self._accept(listener))

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            if len(self._tasks) > MAX_CLIENTS:
                client.close()
                continue
            self._tasks.spawn(self._serve(Link(client)))

    async def _serve(self, link: Link) -> None:
        tapping = False
        try:
            while (message := await link.receive()) is not None:
                tapping = tapping or isinstance(message, SetTap)
                await self._answer(link, message)
        except (LinkError, StageMissing) as error:
            log.warning("an admin connection was closed: %s", error)
        finally:
            if tapping:
                self._screen.tap(SetTap(False), lambda sample: None)
            link.close()

    async def _answer(self, link: Link, message: Message) -> None:
        match message:
            case AdminStatus():
                link.send(AdminStatusReply(self._status()))
            case AdminDevices():
                link.send(self._devices(message))
            case AdminKeys():
                link.send(self._keys(message))
            case TakeSnapshot(request, max_width, image_format):
                taken = await self._screen.snapshot(max_width, image_format)
                link.send(Snapshot(request, taken.image, taken.width, taken.height))
            case SetTap():
                self._screen.tap(message, lambda sample: _forward(link, sample))
            case _:
                raise LinkError(f"{type(message).__name__} is not for the admin socket")

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        await self._tasks.close()
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)


def _forward(link: Link, sample: TapPicture | TapSound) -> None:
    """Drop rule: a reader that is gone or far behind loses samples, the receiver loses nothing."""
    with contextlib.suppress(LinkError):
        link.send(sample)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
