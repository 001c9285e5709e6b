"""Another receiver behind the product's own server and pairing: only the media path is another one."""

import asyncio
import contextlib
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

from receiver.app import desk as desks
from receiver.app import stagehand as stagehands
from receiver.app.desk import Display, FrontDesk
from receiver.app.front import Front, capability
from receiver.app.peer import Peer
from receiver.app.sessions import Sessions
from receiver.clock import MonotonicClock
from receiver.config import parse
from receiver.ddp.channel import Connections
from receiver.ddp.listen import Open
from receiver.ingest.answer import MAX_KBPS, START_KBPS
from receiver.media import Codec
from receiver.trust.identity_file import load_identity
from receiver.trust.store import DeviceStore
from tests.peers.room import Room

CODECS: tuple[Codec, ...] = ("VP8", "H264", "VP9", "AV1")
CONFIG = (
    '[http]\nbind = "127.0.0.1"\nport = 0\nhttps_port = 0\n[paths]\nstate_dir = "{folder}"\nruntime_dir = "{folder}"\n'
)

Answer = Callable[[str], Awaitable[str]]
"""An offer's SDP to the answer's."""


class Candidate(NamedTuple):
    """As ``rtc.candidate`` has it."""

    candidate: str
    sdp_mid: str | None
    sdp_mline_index: int | None


class Signs:
    """The PIN goes to the benchmark instead of a TV."""

    def __init__(self) -> None:
        self.pin: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def show_pin(self, pin: str, sender_name: str) -> None:
        self.pin.set_result(pin)

    def hide_pin(self) -> None:
        pass

    def show_secret(self, secret: str) -> None:
        pass


class Stagehand:
    """Hands the sender's offer to the other receiver, which knows nothing else."""

    def __init__(self, answer: Answer, candidate: Callable[[Candidate], None]) -> None:
        self._answer = answer
        self._candidate = candidate

    def join(self, sender: Peer) -> None:
        pass

    async def leave(self, sender: Peer) -> None:
        pass

    def methods(self, sender: Peer) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        return {}

    async def offer(self, sender: Peer, sdp: str) -> tuple[str, int]:
        return with_start_bitrate(await self._answer(sdp)), 1

    def candidate(self, sender: Peer, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        self._candidate(Candidate(candidate, sdp_mid, sdp_mline_index))


def with_start_bitrate(answer: str) -> str:
    """The other receiver's answer with the bitrate to start with that our own answers give."""
    rates = f"x-google-start-bitrate={START_KBPS};x-google-max-bitrate={MAX_KBPS}"
    return re.sub(r"(a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)/90000\r\n)", rf"\1a=fmtp:\2 {rates}\r\n", answer)


@asynccontextmanager
async def doorway(
    name: str, answer: Answer, candidate: Callable[[Candidate], None]
) -> AsyncIterator[tuple[int, Signs]]:
    """Open it: the port of its plain page, and where its PIN is shown."""
    signs = Signs()
    with tempfile.TemporaryDirectory(prefix="ddp-bench-") as folder:
        config = parse(CONFIG.format(folder=folder), "the benchmark")
        identity = load_identity(config.paths.state_dir)
        display = Display(config.display.id, lambda: name, identity, lambda: capability(CODECS))
        # These have what a benchmark's own sender comes to; strangers ask for more.
        shown, stage = cast(desks.Signs, signs), cast(stagehands.Stagehand, Stagehand(answer, candidate))
        desk = FrontDesk(display, DeviceStore(config.paths.state_dir), shown, MonotonicClock())
        desk.commands = Room().desk
        front = Front(config, Open())
        keeper = asyncio.create_task(desk.secrets.run())

        async def no_snapshot() -> bytes:
            return b""

        front.start(desk, stage, Sessions(), no_snapshot, Connections())
        try:
            yield front.port, signs
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            await front.close()
