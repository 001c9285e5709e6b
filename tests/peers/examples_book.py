"""What is said in conversations with a real receiver, written down as a document with stable placeholders."""

import asyncio
import json
import re
from typing import Any

from tests.peers.ddp_client import DdpClient, Refused

HEAD = """# DDP by example

Every method and notification of the JSON-RPC wire, as a display and three senders spoke it: this file is written by
`python -m tests.peers.examples` from real conversations, and a test sees that it is current. What differs each time is
in angle brackets; all else is as it was sent. From `pair.confirm`'s answer on, each message is the plaintext of a
sealed frame. The rules are in [DDP.md](DDP.md); every byte of a pairing is in
[vectors/pairing.json](vectors/pairing.json).
"""
RANDOM = {
    "nonce": "<16 bytes>",
    "share": "<32 bytes>",
    "mac": "<32 bytes>",
    "sig": "<64 bytes>",
    "proof": "<64 bytes>",
    "x": "<32 bytes>",
    "y": "<32 bytes>",
    "jti": "<token id>",
    "token": "<JWT>",
    "sdp": "<SDP>",
    "port": "<port>",
    "path": "<secret path>",
    "https_port": "<port>",
    "fingerprint": "<thumbprint>",
    "certificate": "<32 bytes>",
    "made": "<time>",
    "expires": "<time>",
}
FIGURES = {"width", "height", "stream", "codec", "url", "sender", "live", "state", "seekable", "duration_s"}
"""What a picture's statistics say that is the same each time; their other values are not."""

Message = dict[str, Any]


class Recorded(DdpClient):
    """Remembers all messages, as plaintext."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.said: list[Message] = []
        self.heard: list[Message] = []

    def whole(self, members: Message) -> Message:
        message = super().whole(members)
        self.said.append(message)
        return message

    async def _arrived(self, message: Message) -> None:
        self.heard.append(message)
        await super()._arrived(message)

    async def told(self, method: str, since: int = 0, **wanted: object) -> Message:
        """The first notification of ``method``, ``since`` so many messages, whose parameters have ``wanted``."""
        async with asyncio.timeout(15):
            while True:
                for message in self.heard[since:]:
                    if message.get("method") == method and wanted.items() <= message["params"].items():
                        return message
                await asyncio.sleep(0.02)

    def exchange(self, method: str) -> tuple[Message, Message]:
        """The newest request of ``method``, and its answer."""
        asked = next(message for message in reversed(self.said) if message.get("method") == method)
        return asked, next(message for message in self.heard if message.get("id") == asked["id"])


class Book:
    """The document, section by section."""

    def __init__(self) -> None:
        self._lines = [HEAD]
        self._names: dict[str, str] = {}

    def call(self, value: str, name: str) -> None:
        """Write ``name`` for ``value`` from now on."""
        self._names[value] = name

    def part(self, title: str) -> None:
        self._lines.append(f"## {title}\n")

    def show(self, title: str, says: str, *messages: tuple[str, Message]) -> None:
        lines = [f"{arrow} {json.dumps(self._tame(message), ensure_ascii=False)}" for arrow, message in messages]
        self._lines.append(f"### {title}\n\n{says}\n\n```\n" + "\n".join(lines) + "\n```\n")

    async def ask(self, client: Recorded, says: str, method: str, params: Message, *told: str) -> Any:
        """Make a request, and show it with the notifications that it brings."""
        result: Any = None
        since = len(client.heard)
        try:
            result = await client.request(method, params)
        except Refused:
            says += " Refused."
        heard = [await client.told(one, since) for one in told]
        asked, answer = client.exchange(method)
        self.show(f"`{method}`", says, ("→", asked), ("←", answer), *(("←", one) for one in heard))
        return result

    def _tame(self, value: Any, key: str = "", figures: bool = False) -> Any:
        match value:
            case dict():
                figures = figures or value.get("method") == "display.stats" or value.get("collection") == "streams"
                return {name: self._tame(one, name, figures) for name, one in value.items() if one != {} or not figures}
            case list():
                return [self._tame(one, key, figures) for one in value]
            case str() if value in self._names:
                return self._names[value]
            case str() if key in RANDOM:
                return RANDOM[key]
            case str():
                return re.sub(r"127\.0\.0\.1:\d+", "192.0.2.9", value)
            case int() | float() if not isinstance(value, bool) and (key in RANDOM or (figures and key not in FIGURES)):
                return RANDOM.get(key, "<number>")
            case None if figures and key not in FIGURES:
                return "<number>"
            case _:
                return value

    def text(self) -> str:
        return "\n".join(self._lines)
