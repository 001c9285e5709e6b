"""Controls a display from the command line: words to ``input.event`` (docs/DDP.md section 12), after consent."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from receiver.input.events import BadEvent, read
from receiver.link.hands import MAX_TEXT
from scripts.sender.client import Client
from scripts.sender.errors import SenderError
from scripts.sender.pairing import say

Event = dict[str, Any]

WORDS = "key:CODE, text:TEXT, tap:X,Y, click:X,Y, move:X,Y, wheel:NOTCHES, hold:CODE,SECONDS or wait:SECONDS"
LONGEST_S = 60.0
ALIVE_S = 1.0
"""How often a display hears that a key is still held; it lets go by itself after three times that."""


class BadWord(ValueError):
    """A word that is no event; says what would be one."""


@dataclass(frozen=True)
class Step:
    """``event`` is sent; ``hold_s``: a key that stays down for so long; ``wait_s``: time to pass."""

    event: Event | None = None
    hold_s: float = 0.0
    wait_s: float = 0.0


def steps(word: str) -> list[Step]:
    """What a word means. Raises BadWord."""
    kind, colon, rest = word.partition(":")
    if not colon:
        raise BadWord(f"{word!r} is no event; one is {WORDS}")
    try:
        return _steps(kind, rest)
    except (ValueError, BadEvent) as error:
        raise BadWord(f"{word!r}: {error}") from error


def _steps(kind: str, rest: str) -> list[Step]:
    match kind:
        case "key":
            return [Step(_checked({"kind": "key", "code": rest}))]
        case "text":
            parts = [rest[at : at + MAX_TEXT] for at in range(0, len(rest), MAX_TEXT)]
            return [Step({"kind": "text", "text": part}) for part in parts]  # which layout it has the display knows
        case "tap":
            return [Step(_checked({"kind": "mouse-click", **_place(rest)}))]
        case "click" | "move":
            return [Step(_checked({"kind": "pointer", **_place(rest), "action": kind}))]
        case "wheel":
            return [Step(_checked({"kind": "wheel", "dy": float(rest)}))]
        case "hold":
            code, _, seconds = rest.partition(",")
            return [Step(_checked({"kind": "key", "code": code, "action": "down"}), hold_s=_seconds(seconds))]
        case "wait":
            return [Step(wait_s=_seconds(rest))]
        case _:
            raise ValueError(f"there is no {kind}; there are {WORDS}")


def _checked(event: Event) -> Event:
    read(event)
    return event


def _place(text: str) -> Event:
    x, comma, y = text.partition(",")
    if not comma:
        raise ValueError("a place is X,Y, each from 0 to 1")
    return {"x": float(x), "y": float(y)}


def _seconds(text: str) -> float:
    if not 0 <= (seconds := float(text)) <= LONGEST_S:
        raise ValueError(f"seconds are from 0 to {LONGEST_S:g}")
    return seconds


async def granted(client: Client) -> None:
    """Ask for control, and wait until it is given. Raises SenderError where it is not."""
    state = (await client.request("input.request"))["state"]
    if state == "asking":
        say("Waiting to be let: whoever shares, or a moderator, answers on their page.")
    while state == "asking":
        method, params = await client.notifications.get()
        if method == "input.state":
            state = params.get("you")
    if state != "granted":
        raise SenderError("You were not let control the display.")


async def drive(client: Client, words: Iterable[str]) -> None:
    """Do what the words say, one after another, and give control back."""
    await granted(client)
    try:
        async for step in _all(words):
            await _do(client, step)
    finally:
        if not client.closed.done():
            await client.request("input.release")


async def _all(words: Iterable[str]) -> AsyncIterator[Step]:
    """Words may come from a pipe, slowly."""
    lines = iter(words)
    while (word := await asyncio.to_thread(next, lines, None)) is not None:
        if word.strip("\n"):
            for step in steps(word.rstrip("\n")):
                yield step


async def _do(client: Client, step: Step) -> None:
    await asyncio.sleep(step.wait_s)
    if step.event is None:
        return
    await client.request("input.event", step.event)
    left = step.hold_s
    while left > 0:
        await asyncio.sleep(min(left, ALIVE_S))
        left -= ALIVE_S
        if left > 0:
            await client.request("input.event", step.event)
    if step.event.get("action") == "down":
        await client.request("input.event", {**step.event, "action": "up"})
