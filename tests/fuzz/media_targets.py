"""Targets: a sender's offer, its packets, and what they carry."""

import contextlib
import struct
from collections.abc import Callable
from dataclasses import replace

from receiver.decode.api import DecodeError
from receiver.decode.hwaccel import vp8_size
from receiver.decode.probe import PROOFS
from receiver.decode.stateless.h264 import H264Reader
from receiver.decode.stateless.plan import Reader, Unfit
from receiver.decode.stateless.vp8 import Vp8Reader
from receiver.decode.stateless.vp9 import Vp9Reader
from receiver.errors import ProtocolError
from receiver.ingest import answer, answer_text, candidate, colours, feedback, rtp, sdp, url
from receiver.ingest.access_unit import DepacketizeError, Depacketizer
from receiver.ingest.answer import Plan
from receiver.ingest.answer_text import LocalTransport
from receiver.ingest.av1 import Av1Depacketizer
from receiver.ingest.candidate import Candidate, CandidateError
from receiver.ingest.depacketize import OpusDepacketizer
from receiver.ingest.feedback import RtcpError
from receiver.ingest.h264 import H264Depacketizer
from receiver.ingest.h265 import H265Depacketizer
from receiver.ingest.reception import Reception
from receiver.ingest.rtp import RtpError
from receiver.ingest.sdp import SdpError
from receiver.ingest.url import UrlRefused
from receiver.ingest.url_adts import AdtsHeader
from receiver.ingest.url_policy import Policy, UrlForbidden
from receiver.ingest.vp8 import Vp8Depacketizer
from receiver.ingest.vp9 import Vp9Depacketizer
from receiver.media import Codec, EncodedFrame
from tests.fuzz.target import Target, pack, text, unpack
from tests.peers import h264_writer

FINGERPRINT = ":".join(["AB"] * 32)
CANDIDATES = (
    "candidate:1 1 udp 2113937151 192.0.2.9 50001 typ host generation 0 network-cost 999",
    "candidate:2 1 udp 2113937151 5f7f6bd8-2c43-4a52-8f0c-1c0f9a1b9d6e.local 50000 typ host",
    "candidate:3 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
    "candidate:4 1 udp 1677729535 2001:db8::7 61000 typ srflx raddr ::1 rport 50001 ufrag abcd",
)
OFFER = "\r\n".join(
    (
        *("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=extmap-allow-mixed"),
        *("m=video 9 UDP/TLS/RTP/SAVPF 96 97 103", "c=IN IP4 0.0.0.0", *(f"a={one}" for one in CANDIDATES)),
        *("a=ice-ufrag:abcd", f"a=ice-pwd:{'x' * 24}", f"a=fingerprint:sha-256 {FINGERPRINT}", "a=setup:actpass"),
        *("a=mid:0", f"a=extmap:3 {sdp.TRANSPORT_CC}", "a=sendonly", "a=rtcp-mux", "a=rtcp-rsize"),
        *("a=rtpmap:96 VP8/90000", "a=rtcp-fb:* nack", "a=rtcp-fb:96 transport-cc", "a=rtpmap:97 rtx/90000"),
        *("a=fmtp:97 apt=96", "a=rtpmap:103 H264/90000"),
        *("a=rtpmap:98 VP9/90000", "a=fmtp:98 profile-id=0", "a=rtpmap:35 AV1/90000", "a=fmtp:35 profile=0;tier=0"),
        *("a=rtpmap:49 H265/90000", "a=fmtp:49 profile-id=1;tx-mode=SRST"),
        "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
        *("m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:1", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=sendrecv", ""),
    )
)
LOCAL = LocalTransport("ours", "p" * 22, FINGERPRINT, (Candidate("1", 2130706431, "192.0.2.7", 5000, "host"),))


def offer(data: bytes) -> None:
    """An offer that is taken can be answered, and no line of it breaks out of the answer."""
    offered = sdp.parse(text(data))
    plan, accepted = answer.choose(offered, ("VP8", "H264", "VP9", "AV1", "H265"))
    assert plan.video
    written = answer_text.write(offered, accepted, LOCAL)
    assert all(line[1:2] == "=" and line.isprintable() for line in written.split("\r\n")[:-1])


def told_colours(data: bytes) -> None:
    """Any bytes are colours or nothing, and what a stream keeps of them is bounded."""
    track = colours.ColourTrack()
    for at in range(0, len(data), 4):
        track.note(at, data[: 4 + at])
        track.note(at, data)
        track.of(at, keyframe=at % 8 == 0)
    assert len(track._noted) <= colours.MAX_NOTED


def ice(data: bytes) -> None:
    found = candidate.parse(text(data))
    assert found is None or candidate.parse(str(found)) == found


def packet(pt: int, sequence: int, payload: bytes, marker: bool = True, ssrc: int = 1, extension: bytes = b"") -> bytes:
    head = struct.pack("!BBHII", 0x80 | (0x10 if extension else 0), pt | 0x80 * marker, sequence, 3000, ssrc)
    return head + extension + payload


NUMBERED = bytes.fromhex("bede0001 31 0007 00")
VP8_KEY = b"\x10\x10\x02\x00\x9d\x01\x2a\x40\x01\xb4\x00" + bytes(20)
VP8_LONG = b"\x90\xf0\x81\x23\x45\x67" + VP8_KEY[1:]
SPS, PPS, IDR = b"\x67\x42\xc0\x1f\x8c\x8d\x40", b"\x68\xce\x3c\x80", b"\x65\x88\x84" + bytes(30)
STAP = b"\x78" + b"".join(len(unit).to_bytes(2) + unit for unit in (SPS, PPS))
FU = (b"\x7c\x85" + IDR[1:9], b"\x7c\x05" + IDR[9:20], b"\x7c\x45" + IDR[20:])
VP9_KEY = b"\x82\x49\x83\x42" + bytes(20)
VP9 = (b"\x8e\x11\x38\x01\x40\x00\xb4\x02\x80\x01\x68\x01\x04\x03" + VP9_KEY, b"\xdc\x91\x22\x03\x04\x86" + bytes(9))
VP9_LAYERS = (b"\xa8\x11\x00\x07" + VP9_KEY[:9], b"\xa4\x11\x00\x07" + VP9_KEY[9:], b"\xac\x11\x03\x07\x86" + bytes(9))
AV1 = (b"\x68\x03\x08\x00\x11\x30\x10" + bytes(9), b"\xd0\x22\x33", b"\x90\x44", b"\x00\x03\x30\x30\x22\x02\x78\xff")
VPS = b"\x40\x01\x0c\x01"
SPS_265 = bytes.fromhex("42010101600000030090000003000003001ea02081")
AP = b"\x60\x01" + b"".join(len(unit).to_bytes(2) + unit for unit in (VPS, SPS_265, b"\x44\x01\xc1\x72"))
FU_265 = (b"\x62\x01\x93\xaf" + bytes(9), b"\x62\x01\x13" + bytes(9), b"\x62\x01\x53" + bytes(9))


def rtp_packet(data: bytes) -> None:
    for extension in (0, 3):
        found = rtp.parse(data, extension, 4, mid_id=5)
        assert len(found.payload) <= len(data)
        rtp.unwrap_rtx(found, 96)


REPORT = struct.pack("!BBHIQIII", 0x80, 200, 6, 1, 1 << 62, 3000, 10, 1000)
BYE = struct.pack("!BBHI", 0x81, 203, 1, 1)
FEEDBACK = feedback.receiver_report(2, [feedback.ReportBlock(1, 0, 0, 5, 0, 0, 0)])


def rtcp(data: bytes) -> None:
    assert len(feedback.parse(data)) <= len(data) // 4


class _Stage:
    """Takes every frame and keeps none."""

    ready = True

    def send(self, frame: EncodedFrame) -> bool:
        return len(frame.data) > 0


def reception(data: bytes) -> None:
    """The whole way of a stream's packets, each 20 ms after the one before; bad ones are passed over as there."""
    video: dict[int, Codec] = {96: "VP8", 103: "H264", 98: "VP9", 35: "AV1", 49: "H265"}
    redundant = {118: 120, 63: 111}
    plan = Plan(video, {111: "opus"}, {97: 96, 119: 118}, True, 3, 4, fir=True, remb=True, red=redundant, ulpfec=120)
    plan = replace(plan, mid_id=5, send_time_id=6, mids={"0": "video", "1": "audio"}, ssrcs={5: None})
    _receive(data, plan)
    _receive(data, replace(plan, transport_cc_id=0, flexfec=50))


def _receive(data: bytes, plan: Plan) -> None:
    whole = Reception(1, plan, 42)
    whole.attach(_Stage())
    now = 1_000_000_000
    for datagram in unpack(data):
        now += 20_000_000
        try:
            (whole.rtcp if rtp.is_rtcp(datagram) else whole.rtp)(datagram, now)
        except (RtpError, RtcpError):
            continue
        for sent in whole.poll(now):
            assert len(sent) < 1500
        assert whole.deadline(now) <= now + 1_000_000_000


def depacketize(kind: type[Depacketizer], data: bytes) -> None:
    """Two frames, the first of which may leave something behind."""
    payloads = unpack(data)
    depacketizer = kind()
    for payload in payloads:
        depacketizer.starts_keyframe(payload)
    with contextlib.suppress(DepacketizeError):
        depacketizer.assemble(payloads[: len(payloads) // 2])
    assert depacketizer.assemble(payloads).data


def headers(kind: Callable[[], Reader], data: bytes) -> None:
    """Access units of one stream, as a decoder reads them: whatever they say, it keeps a bounded number of pictures,
    and shows none that isn't there."""
    reader = kind()
    fault: DecodeError | Unfit | None = None
    for unit in unpack(data):
        try:
            plans = reader.read(unit)
        except (DecodeError, Unfit) as error:
            fault = error
            continue
        for plan in plans:
            assert len(plan.kept) <= max(plan.layout.pictures, 16)
            assert all(1 <= unit <= plan.unit for unit in plan.shows)
    if fault is not None:
        raise fault


POLICY = Policy.of(("10.1.0.0/16",), ("10.0.0.0/8",), ("192.0.2.1",))


def address(data: bytes) -> None:
    """A URL that is taken is the same when it is read again, and no spelling of a forbidden address passes."""
    target = url.parse(text(data))
    again = url.parse(target.url)
    assert (again.scheme, again.host, again.port) == (target.scheme, target.host, target.port)
    POLICY.admit(target.host, [target.host])


def adts(data: bytes) -> None:
    config, *frames = unpack(data) or [b""]
    header = AdtsHeader(config)
    for frame in frames:
        assert header.stand_alone(frame)[:1] == b"\xff"


PACKETS = (
    packet(96, 1, VP8_KEY, extension=NUMBERED),
    packet(96, 2, VP8_LONG, extension=NUMBERED),
    packet(97, 1, b"\x00\x03" + VP8_KEY, ssrc=2),
    packet(103, 4, STAP, False),
    *(packet(103, 5 + place, part, place == 2) for place, part in enumerate(FU)),
    packet(98, 8, VP9[0]),
    packet(35, 9, AV1[0], False),
    packet(49, 10, AP, False),
    packet(111, 1, b"\xfc\xff\xfe", ssrc=3),
    packet(63, 2, b"\xef\x0f\x00\x03\x6f\xfc\xff\xfe\xfc\xaa", ssrc=3),
    packet(118, 11, b"\x60" + VP8_KEY, extension=NUMBERED),
    packet(118, 13, b"\x78" + bytes.fromhex("0000000b00000000000000146000") + bytes(20), False),
    packet(119, 2, b"\x00\x0c\x60" + VP8_KEY, ssrc=2),
    packet(96, 3, VP8_KEY, extension=b"\xbe\xde\0\1\x50\x30\0\0"),
    packet(50, 1, bytes.fromhex("0000000000000000010000000000000100019800") + bytes(20), False, 4),
    REPORT + BYE,
)

TARGETS = (
    Target(
        "sdp", offer, (SdpError, CandidateError), (OFFER.encode(),), (b"\r\na=mid:0", b"\r", "\u2028".encode(), b"\x85")
    ),
    Target("ice", ice, (CandidateError,), tuple(one.encode() for one in CANDIDATES), (b"a=", b"%eth0", b" typ relay")),
    Target("rtp", rtp_packet, (RtpError,), PACKETS[:4]),
    Target("rtcp", rtcp, (RtcpError,), (REPORT, REPORT + BYE, FEEDBACK)),
    Target("reception", reception, (), (pack(*PACKETS), pack(*PACKETS[:2], *PACKETS[3:])), PACKETS),
    Target("vp8", lambda data: depacketize(Vp8Depacketizer, data), (DepacketizeError,), (pack(VP8_KEY, VP8_LONG),)),
    Target(
        "h264",
        lambda data: depacketize(H264Depacketizer, data),
        (DepacketizeError,),
        (pack(STAP, *FU), pack(SPS, PPS, IDR)),
    ),
    Target(
        "vp9",
        lambda data: depacketize(Vp9Depacketizer, data),
        (DepacketizeError,),
        (pack(*VP9[:1]), pack(*VP9[1:]), pack(*VP9_LAYERS)),
    ),
    Target("av1", lambda data: depacketize(Av1Depacketizer, data), (DepacketizeError,), (pack(*AV1[:3]), pack(AV1[3]))),
    Target(
        "h265",
        lambda data: depacketize(H265Depacketizer, data),
        (DepacketizeError,),
        (pack(AP, *FU_265), pack(VPS, SPS_265)),
    ),
    Target(
        "h264-headers",
        lambda data: headers(H264Reader, data),
        (DecodeError, Unfit),
        (
            pack(*PROOFS["H264"], *h264_writer.kept_for_long()),
            pack(*h264_writer.ordered_by_cycle()),
            pack(*h264_writer.with_gaps()),
        ),
        (b"\0\0\1\x67", b"\0\0\1\x68", b"\0\0\3"),
    ),
    Target(
        "h264-slices",
        lambda data: headers(lambda: H264Reader(by_slice=True), data),
        (DecodeError, Unfit),
        (pack(*PROOFS["H264"], *h264_writer.kept_for_long()), pack(*h264_writer.ordered_by_cycle())),
    ),
    Target("vp8-headers", lambda data: headers(Vp8Reader, data), (DecodeError,), (pack(*PROOFS["VP8"], VP8_KEY[1:]),)),
    Target(
        "vp9-headers",
        lambda data: headers(Vp9Reader, data),
        (DecodeError, Unfit),
        (pack(*PROOFS["VP9"], b"\x88"), pack(PROOFS["VP9"][0] + b"\x88\xc8" + bytes((47, 0, 1, 0)) + b"\xc8")),
    ),
    Target("opus", lambda data: depacketize(OpusDepacketizer, data), (DepacketizeError,), (pack(b"\xfc\xff\xfe"),)),
    Target("colours", told_colours, (), (bytes.fromhex("010d0120"), bytes.fromhex("09101010") + bytes(24))),
    Target("vp8-size", vp8_size, (), (VP8_KEY[1:], VP8_LONG)),
    Target("adts", adts, (ProtocolError,), (pack(b"\x12\x10", bytes(20)), pack(b"\x2b\x92\x08\x00", b"\x01"))),
    Target(
        "url",
        address,
        (UrlRefused, UrlForbidden),
        (
            *(
                b"https://user:pass@media.example:8443/a%20b?c=d#e",
                b"http://2130706433/",
                b"http://[::ffff:127.0.0.1]/x",
            ),
            *(
                b"rtsp://10.1.2.3/live?tcp",
                b"srt://203.0.113.9:9000?streamid=a&latency=120&mode=listener",
                b"http://0x7f.1/",
            ),
        ),
        (
            b"127.0.0.1",
            b"169.254.169.254",
            b"@",
            b"#",
            b"?",
            b"%2e",
            b"xn--",
            "\u3002".encode(),
            "\uff11".encode(),
            b"[64:ff9b::7f00:1]",
        ),
    ),
)
