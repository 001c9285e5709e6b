"""A stream that changes its path: another offer of the same session, beside the one that is on (DDP.md section 5)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from receiver.link import TapPicture
from receiver.trust.identity import Identity
from scripts.sender.tracks import PatternPictures
from tests.peers.box import CONFIG, Box, box, readings
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire

MANY = CONFIG + '[floor]\nmode = "many"\n'


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
async def anna_at(tv: Box, identity: Identity | None = None) -> AsyncIterator[Anna]:
    """``identity``: of a device that has one already; a display that does not know it shows a PIN."""
    wire = await WebSocketWire.connect(f"ws://127.0.0.1:{(await tv.status())['port']}/")
    async with DdpClient(wire, identity, name="Anna") as client:
        await client.pair(tv.pin)
        yield Anna(client)


async def cast(tv: Box) -> dict[str, Any]:
    one: dict[str, Any] = await tv.until(
        lambda status: status["casts"] and status["casts"][0]["live"] and status["casts"][0]
    )
    return one


def intakes(tv: Box) -> int:
    return sum(module == "receiver.intake" for _, module in tv.children())


async def only_the_spare(tv: Box) -> None:
    await tv.until(lambda _: intakes(tv) == 1)


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


async def test_one_sender_is_on_two_displays_and_leaves_nothing_on_either(tmp_path: Path) -> None:
    """Each display has a session of its own, with its own keys and path, and knows nothing of the other."""
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    second.mkdir()
    async with box(first) as one, box(second) as two:
        async with anna_at(one) as here, anna_at(two, here.client.identity) as there:
            assert here.client.session != there.client.session
            async with path(there.ask):
                async with path(here.ask):
                    await cast(one)
                    await cast(two)
                    assert (await here.client.request("display.pause"))["state"] == "paused"
                    assert await pictures(two, 5), "what is said to one display is not said to the other"
                await one.until(lambda status: not status["casts"])
                assert await pictures(two, 5)
            await two.until(lambda status: not status["casts"])
        for tv in (one, two):
            await tv.until(lambda status: not status["sessions"] and not status["floor"]["presenting"])
            await only_the_spare(tv)
            assert (await tv.status())["away"] == []


async def test_a_device_has_two_sessions_on_one_display_and_each_ends_alone(tmp_path: Path) -> None:
    async with (
        box(tmp_path, config=MANY) as tv,
        anna_at(tv) as desk,
        anna_at(tv, desk.client.identity) as pocket,
        path(desk.ask),
        path(pocket.ask),
    ):
        await tv.until(lambda status: [one["live"] for one in status["casts"]] == [True, True])
        await pocket.client.notify("ddp.bye", {"reason": "gone"})
        await tv.until(lambda status: len(status["casts"]) == len(status["sessions"]) == 1)
        assert await pictures(tv, 5)
        assert (await desk.client.request("ddp.ping")) == {}
