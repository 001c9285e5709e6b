import re

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import PeerError
from receiver.ingest import answer, answer_text, candidate, sdp
from receiver.ingest.answer import Plan
from receiver.ingest.answer_text import LocalTransport
from receiver.ingest.candidate import Candidate, CandidateError
from receiver.ingest.sdp import SdpError
from receiver.media import Codec

FINGERPRINT = ":".join(["AB"] * 32)
LOCAL = LocalTransport("ours", "p" * 22, FINGERPRINT, (Candidate("1", 2130706431, "192.0.2.7", 5000, "host"),))

OFFER = f"""v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=extmap-allow-mixed
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 35 36 107 108
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 5f7f6bd8-2c43-4a52-8f0c-1c0f9a1b9d6e.local 50000 typ host generation 0
a=candidate:2 1 udp 2113937151 192.0.2.9 50001 typ host generation 0 network-cost 999
a=candidate:3 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active generation 0
a=end-of-candidates
a=ice-ufrag:abcd
a=ice-pwd:{"x" * 24}
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:0
a=extmap:3 {sdp.TRANSPORT_CC}
a=extmap:4/recvonly urn:ietf:params:rtp-hdrext:sdes:mid
a=sendonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rtcp-fb:103 nack
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:35 AV1/90000
a=rtpmap:36 rtx/90000
a=fmtp:36 apt=35
a=rtpmap:107 H264/90000
a=fmtp:107 packetization-mode=1;profile-level-id=f4001f
a=rtpmap:108 ulpfec/90000
a=ssrc-group:FID 111 222
a=ssrc:111 cname:a
a=ssrc:222 cname:a
a=ssrc:99999999999 cname:a
m=audio 9 UDP/TLS/RTP/SAVPF 111 63
a=mid:1
a=extmap:3 {sdp.TRANSPORT_CC}
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:2
a=sctp-port:5000
""".replace("\n", "\r\n")


def negotiate(offer: str = OFFER, codecs: tuple[Codec, ...] = ("VP8", "H264")) -> tuple[Plan, str]:
    parsed = sdp.parse(offer)
    plan, accepted = answer.choose(parsed, codecs)
    return plan, answer_text.write(parsed, accepted, LOCAL)


def test_what_is_understood_of_an_offer() -> None:
    offer = sdp.parse(OFFER)
    assert offer.candidates == [Candidate("2", 2113937151, "192.0.2.9", 50001, "host")]
    assert (offer.ufrag, offer.fingerprints) == ("abcd", {"sha-256": FINGERPRINT})
    assert [media.kind for media in offer.media] == ["video", "audio", "application"]
    assert offer.media[0].formats[96].feedback == {"goog-remb", "transport-cc", "nack", "nack pli"}


def test_the_plan_follows_our_preference() -> None:
    plan, text = negotiate(codecs=("H264", "VP8"))
    assert plan.video == {103: "H264", 96: "VP8"}
    assert (plan.audio, plan.rtx, plan.nack, plan.transport_cc_id) == ({111: "opus"}, {104: 103, 97: 96}, True, 3)
    assert "m=video 9 UDP/TLS/RTP/SAVPF 103 104 96 97\r\n" in text


def test_how_media_sections_are_told_apart() -> None:
    """The name that packets carry, where they have one; and what the offer declares, of other sections too."""
    section = OFFER[OFFER.index("m=video") : OFFER.index("m=audio")]
    another = section.replace("a=mid:0", "a=mid:3").replace("a=ssrc:111", "a=ssrc:333")
    plan, text = negotiate(OFFER.replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 3") + another)
    assert (plan.mid_id, plan.mids) == (4, {"0": "video", "1": "audio"})
    assert plan.ssrcs == {111: "video", 222: "video", 333: None}
    assert text.count(f"a=extmap:4 {sdp.MID}\r\n") == 1
    _, without = negotiate(OFFER[: OFFER.index("m=audio")].replace("a=mid:0\r\n", "").replace("a=group", "a=x"))
    assert sdp.MID not in without, "nothing to be told apart"


def test_the_answer_as_another_library_reads_it() -> None:
    _, text = negotiate()
    read = SessionDescription.parse(text)
    video, audio, data = read.media
    assert video.dtls is not None
    assert (video.dtls.role, [f.algorithm for f in video.dtls.fingerprints]) == ("server", ["sha-256"])
    assert [codec.payloadType for codec in video.rtp.codecs] == [96, 97, 103, 104]
    assert [(f.type, f.parameter) for f in video.rtp.codecs[0].rtcpFeedback] == [
        ("nack", None),
        ("nack", "pli"),
        ("transport-cc", None),
        ("goog-remb", None),
    ]
    assert video.rtp.codecs[0].parameters["x-google-start-bitrate"] == "6000"
    assert video.rtp.codecs[2].parameters["profile-level-id"] == "42001f"
    assert [(c.ip, c.port) for c in video.ice_candidates] == [("192.0.2.7", 5000)]
    assert (video.direction, audio.direction, data.port) == ("recvonly", "recvonly", 0)
    assert [codec.payloadType for codec in audio.rtp.codecs] == [111]
    assert "a=group:BUNDLE 0 1\r\n" in text
    assert text.count("a=setup:passive") == 2
    assert text.count("a=ptime:10") == 1


def test_a_sender_that_can_only_be_the_dtls_server_is_answered_as_a_client() -> None:
    _, text = negotiate(OFFER.replace("a=setup:actpass", "a=setup:passive"))
    assert text.count("a=setup:active") == 2


MODERN = OFFER.replace(
    "a=rtpmap:35 AV1/90000\r\n",
    "a=rtpmap:35 AV1/90000\r\na=fmtp:35 level-idx=5;profile=0;tier=0\r\na=rtcp-fb:35 nack\r\n"
    "a=rtpmap:37 AV1/90000\r\na=fmtp:37 level-idx=5;profile=1;tier=0\r\n"
    "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"
    "a=rtpmap:100 VP9/90000\r\na=fmtp:100 profile-id=2\r\n"
    "a=rtpmap:49 H265/90000\r\na=fmtp:49 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST\r\n"
    "a=rtpmap:50 rtx/90000\r\na=fmtp:50 apt=49\r\n"
    "a=rtpmap:51 H265/90000\r\na=fmtp:51 level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST\r\n"
    "a=rtpmap:53 H265/90000\r\na=fmtp:53 profile-id=1;sprop-max-don-diff=2\r\n",
)


def test_only_formats_of_8_bits_are_taken_and_each_keeps_its_number_and_its_retransmission() -> None:
    plan, text = negotiate(MODERN, ("VP9", "AV1", "H265"))
    assert plan.video == {98: "VP9", 35: "AV1", 49: "H265"}
    assert plan.rtx == {99: 98, 36: 35, 50: 49}
    assert "m=video 9 UDP/TLS/RTP/SAVPF 98 99 35 36 49 50\r\n" in text
    assert "a=fmtp:98 profile-id=0;x-google-start-bitrate" in text
    assert "a=fmtp:35 level-idx=5;profile=0;tier=0;x-google" in text
    assert "a=fmtp:49 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST;x-google" in text
    assert "a=fmtp:36 apt=35\r\n" in text


def test_only_codecs_that_were_proven_are_answered() -> None:
    plan, text = negotiate(MODERN, ("AV1",))
    assert plan.video == {35: "AV1"}
    assert "VP9" not in text
    with pytest.raises(SdpError, match="this display decodes VP9, the sender offers AV1, H264, VP8"):
        negotiate(OFFER, codecs=("VP9",))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("v=0", "hello", "not SDP"),
        ("a=fingerprint:sha-256 AB", "a=fingerprint:sha-256 XY", "fingerprint can't be read"),
        ("a=fingerprint:sha-256", "a=x", "lacks a certificate fingerprint"),
        ("a=fingerprint:sha-256", "a=fingerprint:md5", "must be sha-256"),
        ("a=setup:actpass", "a=setup:holdconn", "begins no connection"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:a b", "ice-ufrag"),
        ("a=ice-pwd", "a=x", "ICE credentials"),
        ("a=mid:1", "a=mid:0", "same mid"),
        ("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP8", "payload format can't be read"),
        ("m=video 9", "m=video", "media line can't be read"),
        ("m=video", "m=text", "has no video"),
        ("a=sendonly", "a=recvonly", "not sent to us"),
        ("a=group:BUNDLE 0 1 2", "a=x", "BUNDLE"),
        ("a=rtcp-mux", "a=x", "rtcp-mux"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", "UDP/TLS/RTP/SAVPF"),
        ("a=candidate:2 1", "a=candidate:2 one", "not an ICE candidate"),
    ],
)
def test_refusals_are_sentences(old: str, new: str, words: str) -> None:
    with pytest.raises(PeerError, match=re.escape(words)):
        negotiate(OFFER.replace(old, new))


def test_no_common_codec_names_both_sides() -> None:
    with pytest.raises(SdpError, match="this display decodes none, the sender offers AV1, H264, VP8"):
        negotiate(codecs=())


def test_bounds() -> None:
    with pytest.raises(SdpError, match="longer than"):
        sdp.parse("v=0\r\n" + "a=x\r\n" * 20_000)
    with pytest.raises(SdpError, match="more than"):
        sdp.parse(OFFER + "m=text 9 RTP/AVP 1\r\n" * 20)
    many = "".join(f"a=candidate:1 1 udp 5 192.0.2.9 {port} typ host\r\n" for port in range(1, 100))
    assert len(sdp.parse(OFFER + many).candidates) == sdp.MAX_CANDIDATES


@given(st.text(max_size=200))
def test_arbitrary_text_raises_only_peer_errors(text: str) -> None:
    for offer in (text, "v=0\r\n" + text):
        with pytest.raises(PeerError):
            sdp.parse(offer)


ATTRIBUTES = ("extmap:", "rtpmap:", "fmtp:", "rtcp-fb:", "candidate:", "mid:", "group:BUNDLE", "fingerprint:", "setup:")
lines = st.builds(
    lambda name, rest: f"a={name}{rest}",
    st.sampled_from(ATTRIBUTES),
    st.text(alphabet="0123456789 /=;:*aV8-²٣\x00", max_size=20),
)


@given(st.lists(st.tuples(st.integers(0, 60), lines), max_size=5), st.sets(st.integers(0, 60), max_size=4))
def test_a_damaged_offer_is_answered_or_refused(inserted: list[tuple[int, str]], removed: set[int]) -> None:
    kept = [line for number, line in enumerate(OFFER.split("\r\n")) if number not in removed or number == 0]
    for place, line in inserted:
        kept.insert(place + 1, line)
    try:
        negotiate("\r\n".join(kept))
    except PeerError:
        return


@given(st.text(max_size=100))
def test_arbitrary_candidates_raise_only_candidate_errors(text: str) -> None:
    for line in (text, f"candidate:1 1 udp 5 {text} 5000 typ host", f"candidate:1 1 udp {text} ::1 5000 typ host"):
        try:
            candidate.parse(line)
        except CandidateError:
            continue


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("candidate:1 1 UDP 5 192.0.2.9 5000 typ host", True),
        ("a=candidate:1 1 udp 5 2001:db8::1 5000 typ srflx raddr 0.0.0.0 rport 0", True),
        ("candidate:1 1 udp 5 name.local 5000 typ host", False),
        ("candidate:1 2 udp 5 192.0.2.9 5000 typ host", False),
        ("candidate:1 1 tcp 5 192.0.2.9 9 typ host tcptype active", False),
        ("candidate:1 1 udp 5 224.0.0.251 5353 typ host", False),
        ("candidate:1 1 udp 5 192.0.2.9 0 typ host", False),
        ("candidate:1 1 udp 5 192.0.2.9 5000 typ prflx", False),
    ],
)
def test_which_candidates_are_of_use(line: str, kept: bool) -> None:
    assert (candidate.parse(line) is not None) == kept


@pytest.mark.parametrize("break_", ["\r", "\x0b", "\u2028", "\x00"])
def test_no_setting_of_the_senders_breaks_a_line_of_the_answer(break_: str) -> None:
    offer = sdp.parse(OFFER.replace("profile-level-id=42001f", f"profile-level-id=42001f{break_}a=inactive"))
    _, accepted = answer.choose(offer, ("H264",))
    assert break_ not in answer_text.write(offer, accepted, LOCAL).replace("\r\n", "")


REDUNDANT = OFFER.replace("a=rtpmap:63 red/48000/2", "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111").replace(
    "a=rtpmap:108 ulpfec/90000",
    "a=rtpmap:109 red/90000\r\na=rtpmap:110 rtx/90000\r\na=fmtp:110 apt=109\r\na=rtpmap:108 ulpfec/90000",
)


def test_sound_may_come_twice_and_is_answered_so_that_chromium_does_it() -> None:
    plan, text = negotiate(REDUNDANT)
    assert plan.red[63] == 111
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n" in text
    assert "a=fmtp:63 111/111\r\n" in text


def test_parity_is_answered_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "PARITY_AMONG_MEDIA", True)
    plan, text = negotiate(REDUNDANT)
    assert (plan.red[109], plan.ulpfec, plan.rtx[110]) == (108, 108, 109)
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 109 110 108\r\n" in text
    monkeypatch.setattr(answer, "PARITY_AMONG_MEDIA", False)
    plan, text = negotiate(REDUNDANT)
    assert plan.ulpfec is None
    assert "ulpfec" not in text


def test_flexible_parity_is_answered_where_it_is_offered() -> None:
    line = "a=rtpmap:49 flexfec-03/90000\r\na=fmtp:49 repair-window=10000000\r\n"
    offer = REDUNDANT.replace("a=rtpmap:109 ", f"{line}a=rtpmap:109 ")
    plan, text = negotiate(offer)
    assert (plan.flexfec, plan.ulpfec) == (49, None)
    assert line in text
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 49\r\n" in text


@pytest.mark.parametrize(
    ("feedback", "wanted"),
    [
        ("transport-cc", (False, True, False)),
        ("goog-remb", (True, True, False)),
        ("ccm fir", (False, False, True)),
        ("nack pli\r\na=rtcp-fb:96 ccm fir", (False, True, True)),
    ],
)
def test_feedback_is_what_the_sender_understands(feedback: str, wanted: tuple[bool, bool, bool]) -> None:
    kept = [line for line in OFFER.split("\r\n") if not line.startswith("a=rtcp-fb:96")]
    offer = "\r\n".join(kept).replace("a=rtpmap:97 ", f"a=rtcp-fb:96 {feedback}\r\na=rtpmap:97 ")
    plan, text = negotiate(offer, ("VP8",))
    assert (plan.remb, plan.pli, plan.fir) == wanted
    assert f"a=rtcp-fb:96 {feedback.split(chr(13))[0]}" in text
