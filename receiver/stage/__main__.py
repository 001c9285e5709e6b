"""``python -m receiver.stage``: started by the app with one end of a link; leaves when that link closes."""

import receiver.stage.lean  # noqa: F401 - first of all, see there

# isort: split
import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

from receiver import child
from receiver.clock import MonotonicClock
from receiver.decode import rank
from receiver.decode.probe import prove_all
from receiver.errors import BackendUnavailable
from receiver.link import LinkError, StageReady
from receiver.linkio import Link
from receiver.present.api import Panel, Presenter
from receiver.present.choose import open_presenter
from receiver.sound.output import open_sink
from receiver.stage.fatal import BROKEN, install
from receiver.stage.screen import Screen
from receiver.stage.stage import FromScreen, Stage

log = logging.getLogger("receiver.stage")

UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: the wanted output can't start."""


def size(text: str) -> tuple[int, int]:
    """``1280x720`` as width and height in pixels."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 1280x720, each side from 16 to 8192")
    return int(width), int(height)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = child.parser("stage", "Shows pictures and plays sound")
    parser.add_argument("--output", choices=("auto", "kms", "window", "headless"), default="auto")
    parser.add_argument("--size", type=size, help="WIDTHxHEIGHT of a window or of headless (1280x720)")
    parser.add_argument("--fullscreen", action="store_true", help="let the window fill the screen")
    parser.add_argument("--sound", default="auto", help="auto, null, or a device's name")
    return parser.parse_args(argv)


async def run(options: argparse.Namespace) -> None:
    """Open everything, tell the app, and obey it until it goes. Raises BackendUnavailable, LinkError."""
    loop = asyncio.get_running_loop()
    install(loop)
    app = Link(socket.socket(fileno=options.link_fd))
    clock = MonotonicClock()
    listener = FromScreen(loop)

    def output() -> tuple[Presenter, str]:
        return open_presenter(options.output, options.size, os.environ, options.fullscreen)

    screen = Screen(output, clock, listener)
    with ThreadPoolExecutor(3, "start") as pool:
        proofs, (sink, sound, sound_reason), _ = await asyncio.gather(
            loop.run_in_executor(pool, prove_all),
            loop.run_in_executor(pool, open_sink, options.sound),
            loop.run_in_executor(pool, screen.open),
        )
    for proof in proofs:
        log.log(logging.INFO if proof.ok else logging.WARNING, "%s", proof.reason)
    listener.stage = stage = Stage(app, screen, sink, clock)
    presenter = screen.presenter
    width, height = presenter.size
    width_mm, height_mm = presenter.size_mm if isinstance(presenter, Panel) else (0, 0)
    app.send(
        StageReady(
            output=presenter.output,
            output_reason=screen.reason,
            sound=sound,
            sound_reason=sound_reason,
            width=width,
            height=height,
            refresh_mhz=presenter.refresh_mhz,
            codecs=rank.order(proofs),
            width_mm=width_mm,
            height_mm=height_mm,
            sleeps=isinstance(presenter, Panel),
        )
    )
    try:
        await stage.obey()
    finally:
        stuck = not screen.close()
        sink.close()
        if stuck:
            log.error("the display library does not return; leaving without it")
            os._exit(BROKEN)


def main(argv: list[str]) -> int:
    """0 when the app went or someone closed the window."""
    options = arguments(argv)
    child.settle()
    logging.basicConfig(level=logging.INFO, format="stage: %(levelname)s %(message)s")
    sys.setswitchinterval(0.001)  # the presenter's thread must not wait 5 ms for the interpreter
    try:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(run(options))
    except BackendUnavailable as error:
        log.error("%s", error)
        return UNAVAILABLE
    except LinkError as error:
        log.error("%s", error)
        return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
