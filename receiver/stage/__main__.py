"""``python -m receiver.stage``: started by the app with one end of a link, and leaves when that link closes.

With ``--listen`` it is a unit of its own on a box: its socket comes from systemd, its arguments from the configuration,
and it outlives one app after the other. While none is there the last picture stays for a while, then the idle screen.
"""

import receiver.stage.lean  # noqa: F401 - first of all, see there

# isort: split
import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from receiver import child
from receiver.clock import MonotonicClock
from receiver.config import load
from receiver.decode import rank
from receiver.decode.backends import BACKENDS, VIDEO
from receiver.decode.decoders import Decoders
from receiver.decode.probe import Proof, prove_all
from receiver.errors import BackendUnavailable
from receiver.launch import stage_arguments, this_board
from receiver.link import LinkError, StageReady
from receiver.linkio import Link
from receiver.notify import Notify, inherited
from receiver.present.api import Panel, Presenter
from receiver.present.choose import open_presenter
from receiver.present.drm import terminal as vt
from receiver.present.drm.modes import Wanted, wanted
from receiver.present.kms import Wish
from receiver.present.sdl import SystemSdlNeeded
from receiver.present.turned import turned
from receiver.sound.output import open_sink
from receiver.stage.fatal import BROKEN, install, watch
from receiver.stage.screen import Screen
from receiver.stage.service import alone, serve
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


def wish(text: str) -> tuple[str, tuple[str, ...]]:
    """``H264=v4l2m2m,software`` as a codec and the backends to try, as a board's profile orders them."""
    codec, equals, names = text.partition("=")
    found = tuple(name for name in names.split(",") if name)
    if codec not in VIDEO or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} must begin with one of {', '.join(VIDEO)} and an equals sign")
    if unknown := set(found) - set(BACKENDS):
        raise argparse.ArgumentTypeError(f"{unknown.pop()!r} is none of {', '.join(BACKENDS)}")
    return codec, found


def mode(text: str) -> Wanted:
    """``1920x1080`` or ``1920x1080@50``."""
    try:
        return wanted(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = child.parser("stage", "Shows pictures and plays sound", listens=True)
    parser.add_argument("--name", default="", help="the display's name, to show from the first picture on")
    parser.add_argument("--output", choices=("auto", "kms", "kmsdrm", "window", "headless"), default="auto")
    parser.add_argument("--size", type=size, help="WIDTHxHEIGHT of a window or of headless (1280x720)")
    parser.add_argument("--fullscreen", action="store_true", help="let the window fill the screen")
    parser.add_argument("--connector", default="", help="the socket whose screen shows, such as HDMI-A-1 (KMS)")
    parser.add_argument("--mode", type=mode, help="WIDTHxHEIGHT or WIDTHxHEIGHT@HZ (KMS)")
    parser.add_argument("--keep-rate", action="store_true", help="don't take the rate of films (KMS)")
    parser.add_argument("--rotate", type=int, choices=(0, 90, 180, 270), default=0, help="degrees, clockwise")
    parser.add_argument("--terminal", type=Path, default=vt.OURS, help="the virtual terminal to show on (KMS)")
    parser.add_argument("--sound", default="auto", help="auto, null, or a device's name")
    parser.add_argument("--software", action="store_true", help="decode on the CPU alone")
    parser.add_argument(
        "--decode",
        type=wish,
        action="append",
        default=[],
        metavar="CODEC=NAME,...",
        help=f"what decodes a codec, best first: {', '.join(BACKENDS)}",
    )
    options = parser.parse_args(argv)
    if not options.listen:
        return options
    config = load()
    logging.getLogger("receiver").setLevel(config.log.level.upper())
    return parser.parse_args([*stage_arguments(config, this_board()), *argv])


def tell(proofs: list[Proof]) -> None:
    """What decodes, in the log. That a machine lacks some device is nothing to be warned of: it is for the doctor."""
    for codec, proof in rank.best(proofs).items():
        log.info("%s: %s", codec, proof.reason)
    for proof in proofs:
        if not proof.ok:
            log.log(logging.DEBUG if proof.hardware else logging.WARNING, "%s: %s", proof.codec, proof.reason)


def follow(loop: asyncio.AbstractEventLoop, terminal: vt.Terminal, screen: Screen) -> None:
    """Catch the kernel's signals, whichever thread they reach, before the terminal is claimed."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # a job in a shell's background may set its terminal too
    for number, told in ((vt.RELEASE, terminal.ask), (vt.ACQUIRE, terminal.call)):

        def caught(told: Callable[[], None] = told) -> None:
            told()
            screen.nudge()

        loop.add_signal_handler(number, caught)


async def run(options: argparse.Namespace) -> None:
    """Open everything, tell the app, and obey it until it goes. Raises BackendUnavailable, LinkError."""
    loop = asyncio.get_running_loop()
    install(loop)
    notify, doors = Notify(), inherited()
    if options.listen and len(doors) != 1:
        raise BackendUnavailable("--listen needs systemd's socket: start it by ddp-stage.socket")
    clock = MonotonicClock()
    listener = FromScreen(loop)
    terminal = vt.find(options.terminal)

    def output() -> tuple[Presenter, str]:
        presenter, reason = open_presenter(
            options.output,
            options.size,
            os.environ,
            options.fullscreen,
            wish=Wish(options.connector, options.mode, options.keep_rate),
            terminal=terminal,
        )
        upright = turned(presenter, options.rotate)
        return upright, reason.replace(str(presenter), str(upright))

    front = vt.front()

    def again() -> bool:
        """Another program's screen is waited for. Without a terminal of ours we could not give way to it again: where
        somebody has only switched to another console meanwhile, it is not taken."""
        return options.output == "auto" and (terminal is not None or vt.front() == front)

    screen = Screen(output, clock, listener, alone(options.name), again)
    if terminal is not None:
        follow(loop, terminal, screen)
    with ThreadPoolExecutor(3, "start") as pool:
        proofs, (sink, sound, sound_reason), _ = await asyncio.gather(
            loop.run_in_executor(pool, prove_all, dict(options.decode), not options.software),
            loop.run_in_executor(pool, open_sink, options.sound),
            loop.run_in_executor(pool, screen.open),
        )
    tell(proofs)
    decoders = Decoders(proofs)

    def make(app: Link) -> Stage:
        listener.stage = Stage(app, screen, sink, clock, decoders)
        listener.stage.ready = ready
        return listener.stage

    def ready() -> StageReady:
        presenter = screen.presenter
        width, height = presenter.size
        width_mm, height_mm = presenter.size_mm if isinstance(presenter, Panel) else (0, 0)
        return StageReady(
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
            console=str(terminal) if terminal is not None and presenter.output in ("kms", "kmsdrm") else "",
        )

    gc.collect()
    gc.freeze()  # what is loaded now lives as long as we do: spare the collector walking it in mid-stream
    running = asyncio.current_task()
    if options.listen and running is not None:
        loop.add_signal_handler(signal.SIGTERM, running.cancel)  # a child just dies; a unit gives the screen back
    guard = watch(asyncio.create_task(notify.guard(screen.alive), name="watchdog"))
    notify.ready(screen.reason)
    try:
        if options.listen:
            await serve(doors[0], make, ready, screen)
        else:
            app = Link(socket.socket(fileno=options.link_fd))
            stage = make(app)
            app.send(ready())
            try:
                await stage.obey()
            finally:
                stage.close()
    finally:
        guard.cancel()
        stuck = not screen.close()
        sink.close()
        if stuck:
            log.error("the display library does not return; leaving without it")
            os._exit(BROKEN)


def main(argv: list[str]) -> int:
    """0 when the app went or someone closed the window."""
    logging.basicConfig(level=logging.INFO, format="stage: %(levelname)s %(message)s")
    environ = dict(os.environ)  # before systemd's variables are taken out of it
    options = arguments(argv)
    child.settle()
    sys.setswitchinterval(0.001)  # the presenter's thread must not wait 5 ms for the interpreter
    try:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(run(options))
    except SystemSdlNeeded as error:
        log.info("starting over: %s", error)
        os.execve(sys.executable, sys.orig_argv, environ | error.environ)
    except BackendUnavailable as error:
        log.error("%s", error)
        return UNAVAILABLE
    except LinkError as error:
        log.error("%s", error)
        return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
