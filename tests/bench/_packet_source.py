"""A sender of synthetic VP8 over real ICE, DTLS and SRTP, as fast as it is told: for benchmarks of the receiving end.

Frames have VP8's form (RFC 7741) but nothing in them; packets carry what Chromium's do: transport-wide sequence
number, absolute send time and mid.
"""

import asyncio
import secrets
import struct
from dataclasses import dataclass

import aiortc
from aiortc.sdp import SessionDescription

from receiver.ingest.sdp import TRANSPORT_CC

PAYLOAD = 1160
KEY_EVERY = 120
_TRANSPORT_CC, _SEND_TIME, _MID = 3, 2, 4
_KEY = b"\x10\x10\x02\x00\x9d\x01\x2a\x80\x07\x38\x04"
_DELTA = b"\x10\x11\x02\x00"
_REST = b"\x00"


@dataclass
class Sent:
    """``behind``: how often the source itself was late by more than a frame."""

    packets: int = 0
    frames: int = 0
    behind: int = 0


class PacketSource:
    """``offer``, then ``connect`` with the answer, then ``send``."""

    def __init__(self) -> None:
        self._gatherer = aiortc.RTCIceGatherer(iceServers=[])
        self._ice = aiortc.RTCIceTransport(self._gatherer)
        self._dtls = aiortc.RTCDtlsTransport(self._ice, [aiortc.RTCCertificate.generateCertificate()])

    async def offer(self) -> str:
        await self._gatherer.gather()
        ice = self._gatherer.getLocalParameters()
        digest = next(one.value for one in self._dtls.getLocalParameters().fingerprints if one.algorithm == "sha-256")
        candidates = [
            f"a=candidate:{c.foundation} 1 udp {c.priority} {c.ip} {c.port} typ host"
            for c in self._gatherer.getLocalCandidates()
        ]
        lines = [
            *("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=msid-semantic:WMS *"),
            *("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtcp-mux"),
            *("a=msid:stream track", f"a=extmap:{_TRANSPORT_CC} {TRANSPORT_CC}"),
            f"a=extmap:{_SEND_TIME} http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            f"a=extmap:{_MID} urn:ietf:params:rtp-hdrext:sdes:mid",
            *("a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 transport-cc"),
            *("a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=ssrc-group:FID 1111 2222"),
            *("a=ssrc:1111 cname:bench", "a=ssrc:2222 cname:bench"),
            *(f"a=ice-ufrag:{ice.usernameFragment}", f"a=ice-pwd:{ice.password}"),
            *(f"a=fingerprint:sha-256 {digest}", "a=setup:actpass", *candidates, ""),
        ]
        return "\r\n".join(lines)

    async def connect(self, answer: str) -> None:
        media = SessionDescription.parse(answer).media[0]
        assert media.dtls is not None
        assert media.ice is not None
        self._dtls._set_role("server" if media.dtls.role == "client" else "client")
        self._ice._connection.ice_controlling = True
        for candidate in media.ice_candidates:
            await self._ice.addRemoteCandidate(candidate)
        await self._ice.start(media.ice)
        await self._dtls.start(media.dtls)
        assert self._dtls.state == "connected", f"DTLS is {self._dtls.state}"

    async def send(self, seconds: float, mbps: float, fps: int) -> Sent:
        """Frames of one size, the packets of each spread over half its time, as Chromium's pacer does."""
        sent = Sent()
        loop = asyncio.get_running_loop()
        connection, srtp = self._ice._connection, self._dtls._tx_srtp
        assert srtp is not None
        pair = connection._nominated[1]
        socket = pair.protocol.transport.get_extra_info("socket").dup()
        count = max(1, round(mbps * 1e6 / 8 / fps / PAYLOAD))
        body = secrets.token_bytes(PAYLOAD)
        began = loop.time()
        for number in range(round(seconds * fps)):
            at = began + number / fps
            sent.behind += loop.time() > at + 1 / fps
            for place in range(count):
                if place % 16 == 0:
                    wait = at + place / count / fps / 2 - loop.time()
                    await asyncio.sleep(max(0.0, wait))
                head = (_DELTA if number % KEY_EVERY else _KEY) if place == 0 else _REST
                packet = _packet(sent.packets, number * 90_000 // fps, place == count - 1) + head + body[len(head) :]
                socket.sendto(srtp.protect(packet), pair.remote_addr)
                sent.packets += 1
            sent.frames += 1
        socket.close()
        return sent

    async def close(self) -> None:
        await self._dtls.stop()
        await self._ice.stop()


def _packet(sequence: int, timestamp: int, marker: bool) -> bytes:
    head = struct.pack("!BBHIIHH", 0x90, 96 | marker << 7, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 1111, 0xBEDE, 3)
    numbers = struct.pack("!B3xBHBB", _SEND_TIME << 4 | 2, _TRANSPORT_CC << 4 | 1, sequence & 0xFFFF, _MID << 4, 0x30)
    return head + numbers + b"\0\0\0"
