"""A real sender that is not a browser: aiortc. Fast, and always run."""

import asyncio
import random
import re
import signal
import socket
import time
from collections.abc import AsyncIterator
from fractions import Fraction

import av
import pytest
from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.sdp import candidate_to_sdp
from av import VideoFrame

from receiver.link import RtcAnswer, RtcCandidate, RtcOffer, RtcRefused, StopIntake, TransportState
from receiver.media import Codec, EncodedFrame
from tests.intake.conftest import FakeStage, IntakeUnderTest


class MovingPicture(VideoStreamTrack):
    """30 small pictures a second, each of one shade."""

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        picture = VideoFrame(320, 240, "yuv420p")
        for plane in picture.planes:
            plane.update(bytes([pts // 3000 % 200]) * plane.buffer_size)
        picture.pts, picture.time_base = pts, Fraction(time_base)
        return picture


class Peer:
    """The sender and how far it has come."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.addTrack(MovingPicture())
        self.pc.addTrack(AudioStreamTrack())

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def take(self, answer: object) -> None:
        assert isinstance(answer, RtcAnswer), answer
        await self.pc.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    yield peer
    await peer.pc.close()


async def cast(intake: IntakeUnderTest, peer: Peer, codec: Codec = "VP8") -> FakeStage:
    stage = intake.attach_stage()
    await peer.take(await intake.offer(await peer.offer(), (codec,)))
    await intake.until(lambda: len(stage.video()) > 3 and stage.audio())
    return stage


def count_decodable(frames: list[EncodedFrame], decoder: str) -> int:
    context = av.CodecContext.create(decoder, "r")
    assert isinstance(context, av.VideoCodecContext | av.AudioCodecContext)
    return sum(len(context.decode(av.Packet(frame.data))) for frame in frames) + len(context.decode(None))


@pytest.mark.parametrize(("codec", "decoder"), [("VP8", "vp8"), ("H264", "h264")])
async def test_picture_and_sound_arrive_and_decode(
    intake: IntakeUnderTest, peer: Peer, codec: Codec, decoder: str
) -> None:
    stage = await cast(intake, peer, codec)
    await intake.until(lambda: len(stage.video()) > 15 and len(stage.audio()) > 15)
    video = stage.video()
    assert video[0].keyframe
    assert not video[0].discontinuity
    assert {frame.codec for frame in video} == {codec}
    assert count_decodable(video, decoder) == len(video)
    assert count_decodable(stage.audio(), "libopus") == len(stage.audio())
    assert all(frame.first_packet_ns <= frame.complete_ns for frame in stage.frames)
    await intake.until(lambda: any(frame.capture_ns for frame in stage.video()))
    assert intake.states() == ["connecting", "connected"]
    assert (await intake.stats()).srtp_cipher == "SRTP_AEAD_AES_256_GCM"


async def test_candidates_by_trickle_alone_connect(intake: IntakeUnderTest, peer: Peer) -> None:
    sdp = await peer.offer()
    lines = [line for line in sdp.splitlines() if not line.startswith(("a=candidate", "a=end-of"))]
    stage = intake.attach_stage()
    answer = await intake.offer("\r\n".join(lines) + "\r\n")
    for transceiver in peer.pc.getTransceivers()[:1]:
        for candidate in transceiver.sender.transport.transport.iceGatherer.getLocalCandidates():
            intake.link.send(RtcCandidate("candidate:" + candidate_to_sdp(candidate), "0", 0))
    for useless in ("", "candidate:1 1 udp 9 hidden.local 5000 typ host", "nonsense"):
        intake.link.send(RtcCandidate(useless, "0", 0))
    await peer.take(answer)
    await intake.until(stage.video)


async def test_a_keyframe_comes_on_request(intake: IntakeUnderTest, peer: Peer) -> None:
    stage = await cast(intake, peer)
    keyframes = sum(frame.keyframe for frame in stage.video())
    stage.request_keyframe()
    await intake.until(lambda: sum(frame.keyframe for frame in stage.video()) > keyframes)
    assert stage.video()[-1].discontinuity


async def test_a_stage_that_comes_back_gets_a_keyframe_at_once(intake: IntakeUnderTest, peer: Peer) -> None:
    first = await cast(intake, peer)
    first.close()
    await asyncio.sleep(0.2)
    began = time.monotonic()
    second = intake.attach_stage()
    await intake.until(second.video)
    assert time.monotonic() - began < 2
    assert second.video()[0].keyframe
    count = len(second.frames)
    await intake.until(lambda: len(second.frames) > count + 10)


async def test_a_stage_that_comes_after_the_offer_gets_a_keyframe(intake: IntakeUnderTest, peer: Peer) -> None:
    await peer.take(await intake.offer(await peer.offer()))
    await intake.until(lambda: "connected" in intake.states())
    await asyncio.sleep(0.3)
    stage = intake.attach_stage()
    await intake.until(lambda: len(stage.video()) > 3)
    assert stage.video()[0].keyframe


async def test_hostile_datagrams_are_counted_and_change_nothing(intake: IntakeUnderTest, peer: Peer) -> None:
    stage = await cast(intake, peer)
    answer = intake.all(RtcAnswer)[0].sdp
    addresses = re.findall(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+)", answer)
    dice = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for host, port in addresses:
            for size in (0, 1, 2, 11, 12, 30, 1300, 1499, 1501, 4000):
                for first in (b"", b"\x80", b"\x80\xc8", b"\x00\x01", b"\x16\xfe\xfd", b"\x50"):
                    stranger.sendto((first + dice.randbytes(size))[: max(size, 0)], (host, int(port)))
    count = len(stage.video())
    await intake.until(lambda: len(stage.video()) > count + 20)
    causes = {"srtp_refused", "oversized_datagram", "dtls_from_stranger", "empty_datagram", "malformed_stun"}
    await intake.stats(lambda stats: causes <= stats.dropped.keys())
    assert "disconnected" not in intake.states()


async def test_a_foreign_certificate_gives_no_picture(intake: IntakeUnderTest, peer: Peer) -> None:
    stage = intake.attach_stage()
    sdp = await peer.offer()
    forged = re.sub(r"(a=fingerprint:sha-256 )\S\S", r"\g<1>00", sdp)
    await peer.take(await intake.offer(forged))
    await intake.until(lambda: "failed" in intake.states())
    failed = next(message for message in intake.all(TransportState) if message.state == "failed")
    assert "certificate" in failed.reason
    assert stage.frames == []


async def test_an_offer_that_does_not_fit_is_refused_with_a_sentence_and_another_may_follow(
    intake: IntakeUnderTest, peer: Peer
) -> None:
    refused = await intake.offer("v=0\r\n")
    assert isinstance(refused, RtcRefused)
    assert "ICE credentials" in refused.reason
    intake.messages.clear()
    await peer.take(await intake.offer(await peer.offer()))
    intake.link.send(RtcOffer(8, "v=0\r\n", ("VP8",)))
    await intake.until(lambda: intake.all(RtcRefused))


async def test_the_sender_leaving_ends_the_process(intake: IntakeUnderTest, peer: Peer) -> None:
    await cast(intake, peer)
    await peer.pc.close()
    await asyncio.wait_for(intake.process.wait(), 4)
    assert intake.states()[-1] == "closed"
    assert intake.process.returncode == 0


@pytest.mark.parametrize("ending", ["stop", "eof", "sigterm"])
async def test_it_ends_within_a_second(intake: IntakeUnderTest, peer: Peer, ending: str) -> None:
    await cast(intake, peer)
    intake.process.send_signal(signal.SIGINT)  # belongs to the app alone
    await asyncio.sleep(0.1)
    assert intake.process.returncode is None
    began = time.monotonic()
    if ending == "stop":
        intake.link.send(StopIntake())
    elif ending == "eof":
        intake.link.close()
    else:
        intake.process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(intake.process.wait(), 3)
    assert time.monotonic() - began < 2
    assert intake.process.returncode == 0


async def test_a_spare_ends_with_its_app(intake: IntakeUnderTest) -> None:
    intake.link.close()
    await asyncio.wait_for(intake.process.wait(), 2)
    assert intake.process.returncode == 0
