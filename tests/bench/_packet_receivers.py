"""The receiving ends of the packet benchmark, each in a process of its own: ``ours`` and stock aiortc.

Reads the offer as a line of JSON, writes the answer as one, and when its input ends the figures as another. The CPU
time is the whole process's: the receive thread and the loop beside it, with all system calls.
"""

import asyncio
import json
import logging
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any

import aiortc
from aiortc.rtcrtpreceiver import RTCRtpReceiver

from receiver.clock import MonotonicClock
from receiver.ingest.stage_link import StageLink
from receiver.ingest.webrtc import WebRtcStream
from receiver.linkio import Media


async def _line() -> str:
    return await asyncio.to_thread(sys.stdin.readline)


def _tell(value: object) -> None:
    print(json.dumps(value), flush=True)


def _cpu() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


async def _count(counts: Callable[[], dict[str, Any]]) -> None:
    """From the first line to the next: CPU time and what came meanwhile."""
    await _line()
    before, (user, system) = counts(), _cpu()
    await _line()
    after, (user_then, system_then) = counts(), _cpu()
    came = {key: after[key] - before[key] for key in after}
    _tell({**came, "user_s": user_then - user, "system_s": system_then - system})


async def ours(media: Media) -> None:
    clock = MonotonicClock()
    stream = WebRtcStream(1, clock, lambda state, reason: None)
    stream.attach(StageLink(media, clock, stream.request_keyframe))
    _tell({"sdp": await stream.accept(json.loads(await _line())["sdp"], ("VP8",))})
    running = asyncio.create_task(stream.run())

    def counts() -> dict[str, Any]:
        stats = stream.stats()
        assert stats is not None
        dropped = sum(stats.dropped.values())
        return {
            "packets": stats.packets_received,
            "frames": stats.frames_received,
            "lost": stats.kernel_drops,
            "dropped": dropped,
        }

    await _count(counts)
    await stream.close()
    running.cancel()


class _NoDecoder:
    """Decoding is not what is measured."""

    def decode(self, encoded_frame: object) -> list[object]:
        return []


async def stock() -> None:
    packets = 0
    frames = 0
    aiortc.rtcrtpreceiver.get_decoder = lambda codec: _NoDecoder()  # type: ignore
    handle = RTCRtpReceiver._handle_rtp_packet

    async def counted(self: RTCRtpReceiver, packet: Any, arrival_time_ms: int) -> None:
        nonlocal packets, frames
        packets += 1
        frames += packet.marker
        await handle(self, packet, arrival_time_ms)

    RTCRtpReceiver._handle_rtp_packet = counted  # type: ignore[method-assign]
    connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    await connection.setRemoteDescription(aiortc.RTCSessionDescription(json.loads(await _line())["sdp"], "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    _tell({"sdp": connection.localDescription.sdp})
    await _count(lambda: {"packets": packets, "frames": frames, "lost": 0, "dropped": 0})
    await connection.close()


def main() -> None:
    logging.disable()
    which, *descriptors = sys.argv[1:]
    if which == "ours":
        video, audio = (socket.socket(fileno=int(descriptor)) for descriptor in descriptors)
        asyncio.run(ours(Media(video, audio)))
    else:
        asyncio.run(stock())


if __name__ == "__main__":
    main()
