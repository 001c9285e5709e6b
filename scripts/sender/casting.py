"""One cast: a source's tracks over WebRTC, until something ends it (DDP.md section 10, rows 6 to 9)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.codecs import h264, vpx

from scripts.sender.answers import Answered, read
from scripts.sender.client import Client, first
from scripts.sender.errors import Lost, SenderError
from scripts.sender.sources import Source
from scripts.sender.taking import Taking

LAST_S = 0.5
"""How long the last picture of a file stays before the cast ends."""


@dataclass
class Progress:
    """How the cast goes: what was sent in the last second, and what the display tells of it."""

    state: str = "connecting"
    size: tuple[int, int] = (0, 0)
    fps: float = 0.0
    kbps: float = 0.0
    rtt_ms: float | None = None
    display: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Encoding:
    """How pictures are sent. ``codec``: VP8 or H264; ``fps``: at most."""

    codec: str
    kbps: int
    fps: int


def set_encoders(encoding: Encoding) -> None:
    """aiortc has these as constants, made for calls: 1.5 Mbit/s at most, too little to read a screen by."""
    for module in (vpx, h264):
        module.DEFAULT_BITRATE = module.MAX_BITRATE = encoding.kbps * 1000  # type: ignore[attr-defined]
    h264.MAX_FRAME_RATE = encoding.fps


async def cast(
    client: Client,
    source: Source,
    encoding: Encoding,
    stop: asyncio.Event,
    tell: Callable[[Progress], None],
    taking: Taking | None = None,
) -> None:
    """Cast until ``stop`` is set or the source ends. ``tell`` is called once a second; ``taking``: what is done at the
    display is done here. Raises Refused, Lost."""
    set_encoders(encoding)
    progress = Progress()
    try:
        if taking is not None:
            await taking.accept(client)
        again = True
        while again:
            again = await _one_path(client, source, encoding.codec, stop, progress, tell, taking)
    finally:
        with suppress(SenderError):
            await client.bye("The sender has stopped.")


async def _one_path(
    client: Client,
    source: Source,
    codec: str,
    stop: asyncio.Event,
    progress: Progress,
    tell: Callable[[Progress], None],
    taking: Taking | None,
) -> bool:
    """Cast until it ends; whether the display asks for another path of the same stream."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    again = asyncio.Event()
    try:
        sender = await _connect(client, peer, source, codec)
        await first(
            _watch(client, progress, taking, again),
            _report(sender, source, progress, tell),
            _finish(source),
            stop.wait(),
            again.wait(),
        )
    finally:
        if again.is_set():
            for one in peer.getTransceivers():
                one.sender.replaceTrack(None)  # aiortc ends a track with its path
        await peer.close()
    return again.is_set()


async def _connect(client: Client, peer: RTCPeerConnection, source: Source, codec: str) -> RTCRtpSender:
    video = peer.addTransceiver(source.video, direction="sendonly")
    offered = RTCRtpSender.getCapabilities("video").codecs
    video.setCodecPreferences([one for one in offered if one.name.lower() in (codec.lower(), "rtx")])
    if source.audio is not None:
        peer.addTransceiver(source.audio, direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = read(await client.request("rtc.offer", {"sdp": peer.localDescription.sdp}), Answered)
    try:
        await peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    except ValueError as error:
        raise Lost(f"The display's answer can't be used: {error}.") from error
    return video.sender


async def _watch(client: Client, progress: Progress, taking: Taking | None, again: asyncio.Event) -> None:
    """Take in what the display says. Raises Lost when it ends the cast."""

    def take(method: str, params: dict[str, Any]) -> None:
        if taking is not None:
            taking.take(method, params)
        if method == "display.stats":
            progress.display = params
        elif method == "session.state":
            progress.state = str(params.get("state"))
            if params.get("again") is True:
                again.set()
            if progress.state == "ended":
                raise Lost(str(params.get("reason") or "The display ended the cast."))

    await client.listen(take)


async def _report(sender: RTCRtpSender, source: Source, progress: Progress, tell: Callable[[Progress], None]) -> None:
    loop = asyncio.get_running_loop()
    at, pictures, octets = loop.time(), 0, 0
    while True:
        await asyncio.sleep(1)
        stats = await sender.getStats()
        now, sent = loop.time(), 0
        for one in stats.values():
            if one.type == "outbound-rtp":
                sent = one.bytesSent
            elif one.type == "remote-inbound-rtp" and one.roundTripTime is not None:
                progress.rtt_ms = one.roundTripTime * 1000
        progress.size = source.video.size
        progress.fps = (source.video.sent - pictures) / (now - at)
        progress.kbps = (sent - octets) * 8 / 1000 / (now - at)
        at, pictures, octets = now, source.video.sent, sent
        tell(progress)


async def _finish(source: Source) -> None:
    await source.video.ended.wait()
    await asyncio.sleep(LAST_S)
    if source.problem:
        raise Lost(source.problem)
