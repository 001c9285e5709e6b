"""The command line of the sender; scripts/cast runs it. Exit statuses are those of errors.py.

Each command imports what it needs when it runs, so that those without media are quick.
"""

import argparse
import asyncio
import getpass
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from receiver.errors import DdpError
from scripts.sender.client import first
from scripts.sender.displays import standing
from scripts.sender.errors import SenderError
from scripts.sender.pairing import Proof, paired, printable, read_line, say
from scripts.sender.state import State, default_folder

if TYPE_CHECKING:
    from scripts.sender.sources import Source

Command = Callable[[argparse.Namespace], Coroutine[Any, Any, None]]
MAX_KBPS = 50_000


def main() -> int:
    """Run one command; the exit status."""
    args = _parser().parse_args()
    command: Command = args.command
    try:
        asyncio.run(command(args))
    except (SenderError, DdpError) as error:
        say(f"✗ {error}")
        return error.status if isinstance(error, SenderError) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/cast", description="Casts to a display from the command line.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        sub.set_defaults(command=command, source=name)
        return sub

    def to_display(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("display", metavar="DISPLAY", help="its name, id, URL or HOST:PORT")
        sub.add_argument("--name", default=_own_name(), help="what the display calls us (%(default)s)")
        proof = sub.add_mutually_exclusive_group()
        proof.add_argument("--pin", help="the eight digits on the display; asked for where neither is given")
        proof.add_argument("--qr", metavar="TEXT", help="the text of the display's QR code")

    def with_picture(sub: argparse.ArgumentParser) -> None:
        to_display(sub)
        sub.add_argument("--size", type=_size, metavar="WxH", help="at most so many pixels, such as 1280x720")
        sub.add_argument("--fps", type=_whole(1, 60), help="pictures a second, at most")
        sub.add_argument("--codec", choices=("VP8", "H264"), default="VP8", help="(%(default)s)")
        sub.add_argument(
            "--kbps", type=_whole(250, MAX_KBPS), default=5000, help="bitrate of the picture (%(default)s)"
        )
        sub.add_argument(
            "--take-input",
            action="store_true",
            help="do here what is done at the display's touch screen, mouse and keyboard: the room uses this computer",
        )

    add("list", _list, "find the displays of this network").add_argument("--json", action="store_true")
    to_display(add("pair", _pair, "pair with a display and remember its key"))
    with_picture(add("screen", _cast, "show this screen"))
    file = add("file", _cast, "play a video file, with its sound")
    file.add_argument("path", metavar="PATH", help="a file, or a URL that FFmpeg opens here")
    with_picture(file)
    url = add("url", _url, "have the display play what is at an address, which it fetches itself")
    url.add_argument("url", metavar="URL", help="http(s), also HLS; rtsp(s), rtmp(s), srt")
    to_display(url)
    with_picture(add("test", _cast, "show a test pattern that tells the time"))

    drive = add("input", _input, "control the display: keys, text, pointer; whoever shares there lets us")
    to_display(drive)
    drive.add_argument(
        "events",
        metavar="EVENT",
        nargs="*",
        type=_event,
        help="key:Enter text:Hello tap:0.5,0.5 click:X,Y move:X,Y wheel:3 hold:ArrowUp,2 wait:1; none: lines of stdin",
    )

    send = add("send", _send, "send one request and print the answer")
    to_display(send)
    send.add_argument("method", metavar="METHOD", help="such as display.stop")
    send.add_argument("params", metavar="JSON", nargs="?", type=_object, default={}, help="its parameters, an object")
    tail = add("tail", _tail, "print what the display tells, one JSON object a line")
    to_display(tail)
    tail.add_argument("publication", metavar="PUBLICATION", nargs="?", help="subscribe to it, such as streams")
    tail.add_argument("params", metavar="JSON", nargs="*", type=_json, help="its parameters, one by one")
    return parser


def _own_name() -> str:
    with suppress(KeyError, OSError):
        return f"{getpass.getuser()} on {socket.gethostname()}"[:64]
    return socket.gethostname()[:64]


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and int(width) in range(16, 7681) and int(height) in range(16, 4321)
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1280x720")
    return int(width), int(height)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return parse


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {error}") from error


def _object(text: str) -> dict[str, Any]:
    value = _json(text)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is not a JSON object")
    return value


def _event(text: str) -> str:
    from scripts.sender.driving import BadWord, steps

    try:
        steps(text)
    except BadWord as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _state() -> State:
    return State(default_folder())


def _proof(args: argparse.Namespace) -> Proof:
    return Proof(args.pin, args.qr, read_line)


async def _list(args: argparse.Namespace) -> None:
    from scripts.sender.finding import find

    known = _state().known()
    rows = [
        {
            "name": display.name,
            "id": display.id,
            "address": display.address,
            "fingerprint": display.fingerprint,
            "state": standing(display, known),
            "found_by": sorted(display.by),
        }
        for display in await find()
    ]
    if args.json:
        _print_json(rows, indent=2)
    elif rows:
        table = [["NAME", "ID", "ADDRESS", "KEY", "", "FOUND BY"]]
        for row in rows:
            table.append([*(str(row[key])[:64] for key in ("name", "id", "address")), str(row["fingerprint"])[:8]])
            table[-1] += [str(row["state"]), ", ".join(row["found_by"])]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for line in table:
            print(printable("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()))
    else:
        say("No display was found. Are you on the same network? A display's address works without being found.")


async def _pair(args: argparse.Namespace) -> None:
    async with paired(args.display, _state(), args.name, _proof(args)) as (client, greeting):
        await client.bye("Paired.")
        say(f"Paired with {greeting.display_name} ({greeting.display_id}), key {client.display.fingerprint}.")


def _source(args: argparse.Namespace) -> "Source":
    from scripts.sender import sources

    wish = sources.Wish(args.size, args.fps)
    match args.source:
        case "screen":
            return sources.screen(wish)
        case "file":
            return sources.file(args.path, wish)
        case _:
            return sources.test(wish)


async def _cast(args: argparse.Namespace) -> None:
    from scripts.sender import casting, sources, taking
    from scripts.sender.progress import Line

    _source(args).close()  # what can't be cast should be known before somebody walks to the display for its PIN
    hands = taking.Taking.begin() if args.take_input else None
    encoding, line = casting.Encoding(args.codec, args.kbps, args.fps or sources.FPS), Line()
    try:
        async with paired(args.display, _state(), args.name, _proof(args)) as (client, greeting):
            say(f"Casting to {greeting.display_name}; Ctrl-C stops.")
            source = _source(args)
            try:
                await casting.cast(client, source, encoding, _stop_by_signal(), line.tell, hands)
            finally:
                line.end()
                await asyncio.to_thread(source.close)
    finally:
        if hands is not None:
            hands.close()


async def _url(args: argparse.Namespace) -> None:
    from scripts.sender import playing
    from scripts.sender.progress import Line

    line = Line()
    async with paired(args.display, _state(), args.name, _proof(args)) as (client, greeting):
        try:
            await playing.play(client, args.url, greeting.display_name, _stop_by_signal(), line.write)
        finally:
            line.end()


def _stop_by_signal() -> asyncio.Event:
    """Set by Ctrl-C or SIGTERM, which from here on mean an orderly goodbye."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _send(args: argparse.Namespace) -> None:
    async with paired(args.display, _state(), args.name, _proof(args)) as (client, _):
        _print_json(await client.request(args.method, args.params), indent=2)
        await client.bye("Done.")


async def _input(args: argparse.Namespace) -> None:
    from scripts.sender.driving import BadWord, drive

    async with paired(args.display, _state(), args.name, _proof(args)) as (client, _):
        try:
            await first(drive(client, args.events or sys.stdin), _stop_by_signal().wait())
        except BadWord as error:
            raise SenderError(str(error)) from error
        await client.bye("Done.")


async def _tail(args: argparse.Namespace) -> None:
    def take(method: str, params: dict[str, Any]) -> None:
        if method == "session.token":  # a secret, and output ends in files
            return
        _print_json({"method": method, "params": params})
        if method == "data.nosub":
            raise SenderError(f"The display gives no {args.publication}, or gives it no longer.")

    async with paired(args.display, _state(), args.name, _proof(args)) as (client, _):
        if args.publication is not None:
            await client.request("data.sub", {"id": "tail", "name": args.publication, "params": args.params})
        await first(client.listen(take), _stop_by_signal().wait())
        await client.bye("Done.")


def _print_json(value: object, indent: int | None = None) -> None:
    print(printable(json.dumps(value, indent=indent, ensure_ascii=False)), flush=True)


sys.exit(main())
