"""One cast of an address: the display fetches it, and we stay until it ends, since a cast ends with its session."""

import asyncio
from collections.abc import Callable
from typing import Any

from scripts.sender.client import Client, first
from scripts.sender.errors import Lost, SenderError
from scripts.sender.pairing import printable, say

BEGIN_S = 45.0
"""For the display to reach the server and look into what it gives."""
END_S = 2.5
"""A film that is so near its end has come to it: the display tells its position once a second."""


def clock(seconds: float) -> str:
    """``1:02:03``, or ``2:03``."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def words(stats: dict[str, Any]) -> str:
    """One line for people, from ``display.stats``."""
    numbers = {key: value for key, value in stats.items() if isinstance(value, int | float)}
    place = clock(numbers.get("position_s", 0))
    if "duration_s" in numbers:
        place += f" of {clock(numbers['duration_s'])}"
    picture = f"{numbers.get('width', 0)}×{numbers.get('height', 0)} {numbers.get('fps', 0):.0f} fps"
    return f"{place} · {picture} {stats.get('codec', '')}".rstrip()


def over(stats: dict[str, Any]) -> bool:
    """Whether it has been played to its end; what is live has none."""
    position, duration = stats.get("position_s"), stats.get("duration_s")
    if not isinstance(position, int | float) or not isinstance(duration, int | float):
        return False
    return position >= duration - END_S


async def play(client: Client, url: str, display: str, stop: asyncio.Event, write: Callable[[str], None]) -> None:
    """Cast until ``stop`` is set or it ends. ``write`` gets a line a second. Raises Refused, Lost."""
    shown: dict[str, Any] = {}

    def take(method: str, params: dict[str, Any]) -> None:
        if method == "display.stats":
            shown.update(params)
            write(printable(words(params)))
        elif method == "session.state" and params.get("state") == "reconnecting":
            write(printable(f"reconnecting: {params.get('reason')}"))
        elif method == "session.state" and params.get("state") == "ended":
            raise (Played if over(shown) else Lost)(str(params.get("reason") or "The display ended the cast."))

    await client.request("display.cast", {"url": url}, BEGIN_S)
    say(f"{display} plays it; Ctrl-C stops.")
    try:
        await first(client.listen(take), stop.wait())
        await client.bye("The sender has stopped.")
    except Played as played:
        say(str(played))
        await client.bye("It has played to its end.")


class Played(SenderError):
    """The cast has come to its end."""

    status = 0
