"""A stream that changes its path: another offer of the same session, beside the one that is on (DDP.md section 5)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from receiver.link import TapPicture
from scripts.sender.tracks import PatternPictures
from tests.peers.box import Box, box, readings
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire


@asynccontextmanager
async def path(ask: Callable[[str], Awaitable[str]]) -> AsyncIterator[RTCPeerConnection]:
    """A peer connection with the pattern in it; ``ask``: an offer's answer."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        peer.addTransceiver(PatternPictures((1280, 720), 15), direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        await peer.setRemoteDescription(RTCSessionDescription(await ask(peer.localDescription.sdp), "answer"))
        yield peer
    finally:
        await peer.close()


class Anna:
    """A paired sender, and the numbers of the streams that her offers were answered with."""

    def __init__(self, client: DdpClient) -> None:
        self.client = client
        self.streams: list[int] = []

    async def ask(self, sdp: str) -> str:
        answer = await self.client.request("rtc.offer", {"sdp": sdp})
        self.streams.append(answer["stream"])
        return str(answer["sdp"])


@asynccontextmanager
async def anna_at(tv: Box) -> AsyncIterator[Anna]:
    wire = await WebSocketWire.connect(f"ws://127.0.0.1:{(await tv.status())['port']}/")
    async with DdpClient(wire, name="Anna") as client:
        await client.pair(tv.pin)
        yield Anna(client)


async def cast(tv: Box) -> dict[str, Any]:
    one: dict[str, Any] = await tv.until(
        lambda status: status["casts"] and status["casts"][0]["live"] and status["casts"][0]
    )
    return one


def intakes(tv: Box) -> int:
    return sum(module == "receiver.intake" for _, module in tv.children())


async def pictures(tv: Box, count: int) -> list[int]:
    """The numbers of the next pictures that the screen shows."""
    samples: list[TapPicture] = []
    async with tv.tap() as tap, asyncio.timeout(20):
        while len(found := readings(list(samples))) < count:
            if isinstance(sample := await tap.receive(), TapPicture):
                samples.append(sample)
    return [number for _, number in found]


async def decoded(anna: Anna) -> int:
    """How many pictures the stream's decoder has given since it was made."""
    await anna.client.request("data.sub", {"id": "a", "name": "streams", "params": [{"fields": ["frames_decoded"]}]})
    async with asyncio.timeout(10):
        told = await anna.client.notification("data.added")
        while "frames_decoded" not in told["fields"]:
            told = await anna.client.notification("data.changed")
    await anna.client.request("data.unsub", {"id": "a"})
    return int(told["fields"]["frames_decoded"])


async def test_another_path_takes_over_and_the_decoder_stays(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, anna_at(tv) as anna, path(anna.ask) as first:
        await cast(tv)
        before = await decoded(anna)
        async with path(anna.ask) as second:
            await tv.until(lambda _: "goes on by another path" in (tmp_path / "log").read_text(), 20)
            await tv.until(lambda _: first.connectionState in ("failed", "closed"), 20)
            assert await pictures(tv, 10)
            assert anna.streams == [1, 1]
            assert second.connectionState == "connected"
            await asyncio.sleep(1.1)  # until the next figures
            assert await decoded(anna) > before
            await tv.until(lambda _: intakes(tv) == 2)  # hers and the spare
    assert (tmp_path / "log").read_text().count("stream 1 is connected") == 1


async def test_a_path_that_is_refused_or_never_stands_leaves_the_one_before(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, anna_at(tv) as anna, path(anna.ask):
        await cast(tv)
        with pytest.raises(Refused) as refused:
            await anna.client.request("rtc.offer", {"sdp": "v=0\r\n"})
        assert refused.value.code == -32602
        assert await pictures(tv, 5)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTransceiver(PatternPictures((1280, 720), 15), direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        await anna.ask(peer.localDescription.sdp)  # and its answer is never taken, so nothing ever comes
        await peer.close()
        assert await pictures(tv, 5)
        assert (await anna.client.request("display.pause"))["state"] == "paused"
        assert (await anna.client.request("display.play"))["state"] == "playing"
        assert (await anna.client.request("display.stop"))["state"] == "stopped"
        await tv.until(lambda _: intakes(tv) == 1)
