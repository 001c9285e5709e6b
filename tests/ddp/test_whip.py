"""WHIP's rules, without a server: what a request must be like, and what is said where it is not."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp import whip
from receiver.ddp.sdp_fragment import MAX_CANDIDATES, MAX_LINE, MAX_LINES, FragmentError, Trickled, parse, ufrag_of
from receiver.ddp.whip import Problem


def test_a_key_is_read_from_the_one_authorization_header() -> None:
    assert whip.bearer(["Bearer ddp_abc-DEF_123"]) == "ddp_abc-DEF_123"
    assert whip.bearer(["bearer  a.b~c+d/e=="]) == "a.b~c+d/e=="


@pytest.mark.parametrize(
    "given", [[], ["Basic abc"], ["Bearer"], ["Bearer a b"], ["Bearer a", "Bearer b"], ["x" * 999]]
)
def test_anything_else_is_401_with_a_challenge(given: list[str]) -> None:
    with pytest.raises(Problem) as refused:
        whip.bearer(given)
    assert refused.value.status == 401
    assert refused.value.headers["www-authenticate"].startswith("Bearer")


def test_a_refusal_is_problem_details() -> None:
    body = json.loads(whip.not_allowed("session", "GET").body)
    assert (body["title"], body["status"]) == ("Method Not Allowed", 405)
    assert "DELETE ends the stream" in body["detail"]
    assert whip.not_allowed("endpoint", "PUT").headers["allow"] == "OPTIONS, POST"


def test_what_a_browser_is_told_beforehand() -> None:
    told = whip.options("endpoint")
    assert (told["accept-post"], told["access-control-allow-methods"]) == ("application/sdp", "OPTIONS, POST")
    assert whip.options("session")["accept-patch"] == "application/trickle-ice-sdpfrag"


def test_types_and_offers() -> None:
    whip.check_type("Application/SDP; charset=utf-8", "endpoint")
    for wrong in (None, "", "text/plain", "application/sdp2"):
        with pytest.raises(Problem, match=r"must be application/sdp") as refused:
            whip.check_type(wrong, "endpoint")
        assert (refused.value.status, refused.value.headers) == (415, {"accept-post": "application/sdp"})
    assert whip.read_offer(b"v=0\r\n") == "v=0\r\n"
    for body in (b"\xff", b"", b"hello"):
        with pytest.raises(Problem) as refused:
            whip.read_offer(body)
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("if_match", "outcome"),
    [
        (['"a"'], "trickle"),
        (['"b", "a"'], "trickle"),
        (["*"], "restart"),
        ([], 428),
        (['"b"'], 412),
        (['W/"a"'], 412),
        (["a"], 400),
    ],
)
def test_a_patch_names_its_session(if_match: list[str], outcome: str | int) -> None:
    if isinstance(outcome, str):
        assert whip.check_match(if_match, '"a"') == outcome
        return
    with pytest.raises(Problem) as refused:
        whip.check_match(if_match, '"a"')
    assert refused.value.status == outcome


FRAGMENT = """a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
m=audio 9 RTP/AVP 0
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host
m=video 9 RTP/AVP 0
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host
a=end-of-candidates
"""


def test_a_fragment_brings_candidates() -> None:
    read = parse(FRAGMENT)
    assert (read.ufrag, read.complete) == ("EsAw", True)
    assert read.candidates == [
        Trickled("candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host", "0", 0),
        Trickled("candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host", None, 1),
    ]
    assert parse(FRAGMENT.replace("\n", "\r\n")) == read
    assert ufrag_of("v=0\r\na=ice-ufrag:EsAw\r\n") == "EsAw"
    assert ufrag_of("v=0\r\n") == ""


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ("hello", "not a line of SDP"),
        ("a=mid:", "mid can't be read"),
        ("a=ice-ufrag:a b", "ice-ufrag is not made of"),
        ("a=ice-ufrag:EsAw\na=ice-ufrag:EsAx", "two values of ice-ufrag"),
        ("a=candidate:1\n" * (MAX_CANDIDATES + 1), "candidates"),
        ("a=" + "x" * MAX_LINE, "more than 512 characters"),
        ("a=x\n" * (MAX_LINES + 1), "lines"),
    ],
)
def test_a_bad_fragment_is_refused_in_words(fragment: str, words: str) -> None:
    with pytest.raises(FragmentError, match=words):
        parse(fragment)


@given(st.lists(st.sampled_from([*FRAGMENT.splitlines(), "m=", "a=", "x", "\r", "a=mid:é", "a=ice-ufrag:abcd"])))
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(FragmentError):
        assert len(parse("\n".join(lines)).candidates) == sum(line.startswith("a=candidate:") for line in lines)
