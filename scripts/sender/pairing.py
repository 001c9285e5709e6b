"""From a display's name to a paired connection, with the person who types the PIN."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from receiver.trust.encoding import b64decode
from scripts.sender.answers import Greeting
from scripts.sender.client import Client
from scripts.sender.displays import as_url, choose, matching
from scripts.sender.errors import NotProven, Refused, SenderError
from scripts.sender.state import Known, State
from scripts.sender.wire import reach

PIN = re.compile(r"\d{8}")
PAIRING_FAILED = -32003
UNAUTHENTICATED = -32001
SECRET_BYTES = 16
CHANGED = """WARNING: {greeting.display_name} ({greeting.display_id}) has another key than the last time.
  known  {known}
  now    {now}
It may have been set up anew; or something else answers under its name. Go on only with a PIN or QR code that you read
from the display's own screen."""


@dataclass(frozen=True)
class Proof:
    """What proves that we see the display: a PIN, the QR code's text, or a question to whoever sits here."""

    pin: str | None
    qr: str | None
    ask: Callable[[str], Awaitable[str]]


def say(text: str) -> None:
    """Tell the person, beside what a program may read."""
    print(printable(text), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """``text`` without what would steer a terminal: names come from whoever answered."""
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


async def read_line(question: str) -> str:
    """What the person types; the loop goes on meanwhile, so that the display's pings are answered."""
    print(printable(question), end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def readable() -> None:
        if not typed.done():
            typed.set_result(sys.stdin.readline())

    try:
        loop.add_reader(sys.stdin, readable)
    except PermissionError:  # a file, which never makes anyone wait
        readable()
    try:
        line = await typed
    finally:
        loop.remove_reader(sys.stdin)
    if not line:
        raise SenderError("Nobody is here to type the PIN. Give it with --pin, or the QR code's text with --qr.")
    return line


async def locate(wanted: str) -> str:
    """The WebSocket URL of a display by its name, id or address. Raises NotFound."""
    url = as_url(wanted)
    if url is None:
        from scripts.sender.finding import find  # which loads more than all the rest

        url = choose(wanted, await find(lambda displays: bool(matching(wanted, displays)))).url
    return url


@asynccontextmanager
async def paired(wanted: str, state: State, name: str, proof: Proof) -> AsyncIterator[tuple[Client, Greeting]]:
    """A paired connection to the display that is ``wanted``. Raises SenderError."""
    url = await locate(wanted)
    async with Client(await reach(url), state.identity(), name) as client:
        greeting = await client.hello()
        pinned = state.known().get(greeting.display_id)
        known = pinned is not None and pinned.fingerprint == client.display.fingerprint
        if pinned is not None and not known:
            say(CHANGED.format(greeting=greeting, known=pinned.fingerprint, now=client.display.fingerprint))
        if proof.qr is not None:
            secret = qr_secret(proof.qr)
            await client.start_qr(secret)
            await client.pair(secret)
        elif proof.pin is not None or not known or not await _reunited(client):
            await _by_pin(client, greeting.display_name, proof)
        state.pin(greeting.display_id, Known(greeting.display_name, client.display.fingerprint))
        yield client, greeting


async def _reunited(client: Client) -> bool:
    """Whether the display knows us, too; it may have been told to forget us."""
    try:
        await client.reunite()
    except Refused as refused:
        if refused.code != UNAUTHENTICATED:
            raise
        return False
    return True


def qr_secret(text: str) -> bytes:
    """The secret in a QR code's text, ``…#k=SECRET``. Raises EncodingError."""
    _, marker, secret = text.partition("#k=")
    return b64decode(secret if marker else text, SECRET_BYTES, "the QR code's text")


async def _by_pin(client: Client, display: str, proof: Proof) -> None:
    left = 0
    while True:
        if left <= 0:
            left = (await client.start_pin()).tries_left
        pin = proof.pin or await proof.ask(f"PIN on {display}: ")
        digits = re.sub(r"[\s-]", "", pin)
        if not PIN.fullmatch(digits):
            if proof.pin:
                raise NotProven("A PIN has eight digits.")
            say("A PIN has eight digits.")
            continue
        try:
            await client.pair(digits.encode())
        except Refused as refused:
            if proof.pin or refused.code != PAIRING_FAILED:
                raise
            say(str(refused))
            left = refused.tries_left
        else:
            return
