"""A conversation's times, by a fake clock: each wait passes at once."""

import json

import pytest

from receiver.app.conversation import Conversation
from receiver.clock import FakeClock
from receiver.ddp.codes import CloseCode
from receiver.ddp.jsonrpc import Message, result

HELLO = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ddp.hello"})
PONG = json.dumps({"jsonrpc": "2.0", "id": "ping-1", "result": {}})


class SilentChannel:
    """Gives the messages of ``script``, where None is silence for as long as it is waited for."""

    address = "192.0.2.7"

    def __init__(self, clock: FakeClock, script: list[str | None]) -> None:
        self.sent: list[str] = []
        self.closed: tuple[CloseCode, str] | None = None
        self._clock = clock
        self._script = script

    async def receive(self, timeout_s: float | None) -> str | None:
        if self.closed:
            return None
        message = self._script.pop(0) if self._script else None
        if message is None:
            assert timeout_s is not None
            self._clock.advance(int(timeout_s * 1e9) + 1)
            raise TimeoutError
        return message

    def send(self, message: str) -> None:
        self.sent.append(message)

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed = (code, reason)


@pytest.mark.parametrize(
    ("script", "seconds", "code", "pings"),
    [
        ([], 3, CloseCode.HANDSHAKE_TIMEOUT, 0),
        ([HELLO], 90, CloseCode.IDLE, 2),
        ([HELLO, None, PONG], 120, CloseCode.IDLE, 3),
        ([HELLO, *[None, PONG] * 30], 600, CloseCode.POLICY, 19),
    ],
)
async def test_silence_ends_a_conversation(script: list[str | None], seconds: int, code: CloseCode, pings: int) -> None:
    clock = FakeClock()
    channel = SilentChannel(clock, script)
    talk = Conversation(channel, clock, "session")  # type: ignore[arg-type]

    async def answer(message: Message) -> None:
        talk.send(result(1, {}))

    await talk.run(answer)
    assert channel.closed is not None
    assert channel.closed[0] is code
    assert channel.closed[1].endswith(".")
    assert round(clock.now() / 1e9) == seconds
    assert sum("ddp.ping" in message for message in channel.sent) == pings
