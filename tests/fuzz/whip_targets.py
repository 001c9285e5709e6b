"""Targets: what a WHIP tool sends, from its headers to its candidates."""

from receiver.ddp import sdp_fragment, whip
from receiver.ddp.sdp_fragment import MAX_CANDIDATES, FragmentError
from receiver.ddp.whip import Problem
from tests.fuzz.target import Target, latin, pack, text, unpack

FRAGMENT = (
    b"a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    b"a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
    b"a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0\r\na=end-of-candidates\r\n"
)
ETAG = '"tag"'


def fragment(data: bytes) -> None:
    """Its candidates are bounded and are lines of the text."""
    given = text(data)
    read = sdp_fragment.parse(given)
    assert len(read.candidates) <= MAX_CANDIDATES
    assert all(f"a={each.candidate}" in given for each in read.candidates)


def request(data: bytes) -> None:
    """Headers and body of one request; each refusal is a status and words that JSON can hold."""
    authorization, content_type, if_match, body = (*unpack(data), b"", b"", b"", b"")[:4]
    sdp_fragment.ufrag_of(text(body))
    refusal: Problem | None = None
    for part in (
        lambda: whip.bearer([latin(authorization)]),
        lambda: whip.check_type(latin(content_type), "endpoint"),
        lambda: whip.check_match([latin(if_match)], ETAG),
        lambda: whip.read_offer(body),
    ):
        try:
            part()
        except Problem as problem:
            refusal = problem
    if refusal is not None:
        assert 400 <= refusal.status < 500
        assert refusal.body
        assert all(value.isprintable() for value in refusal.headers.values())
        raise refusal


REQUEST = pack(b"Bearer ddp_AAAAAAAAAAAAAAAAAAAAAA", b"application/sdp", b'"tag"', b"v=0\r\na=ice-ufrag:EsAw\r\n")

TARGETS = (
    Target(
        "whip fragment", fragment, (FragmentError,), (FRAGMENT,), (b"a=candidate:", b"a=mid:", b"\r\nm=video 9 x 0")
    ),
    Target("whip request", request, (Problem,), (REQUEST,), (b"Bearer ", b"W/", b'"', b"*", b"v=0\n")),
)
