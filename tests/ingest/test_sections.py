"""Which media section a packet belongs to: what it says itself, what the offer says, what its payload type says."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.rtp import RtpPacket
from receiver.ingest.sections import MAX_BOUND, Sections
from receiver.media import Kind

VIDEO, SOUND, OTHER = 1, 2, 3
SHARED = 100


def sections() -> tuple[Sections, Counter[str]]:
    dropped: Counter[str] = Counter()
    declared: dict[int, Kind | None] = {VIDEO: "video", SOUND: "audio", OTHER: None}
    types: dict[Kind, set[int]] = {"video": {96, SHARED}, "audio": {111, SHARED}}
    return Sections({"a": "video", "b": "audio"}, declared, types, dropped), dropped


def packet(ssrc: int, payload_type: int = 96, mid: bytes = b"") -> RtpPacket:
    return RtpPacket(payload_type, False, 0, 0, ssrc, b"x", mid=mid)


def test_the_payload_type_says_it_where_only_one_section_has_it() -> None:
    found, dropped = sections()
    assert [found.of(packet(9, number)) for number in (96, 111, SHARED, 50)] == ["video", "audio", None, None]
    assert dropped == {"unknown_payload_type": 2}


def test_what_the_offer_declares_goes_before_the_payload_type() -> None:
    found, dropped = sections()
    assert found.of(packet(VIDEO, SHARED)) == "video"
    assert found.of(packet(SOUND, SHARED)) == "audio"
    assert found.of(packet(OTHER, 96)) is None
    assert found.of(packet(SOUND, 96)) is None, "no payload type of its section"
    assert dropped == {"foreign_section": 1, "unknown_payload_type": 1}


def test_a_name_goes_before_all_and_holds_for_its_source_from_then_on() -> None:
    found, dropped = sections()
    assert found.of(packet(SOUND, SHARED, b"a")) == "video"
    assert found.of(packet(SOUND, SHARED)) == "video"
    assert found.of(packet(VIDEO, 96, b"c")) is None
    assert found.of(packet(VIDEO, 96)) is None
    assert found.of(packet(9, 96, b"c")) is None
    assert found.of(packet(9, 96)) is None
    assert found.of(packet(10, 96)) == "video"
    assert dropped == {"foreign_section": 4}


@given(st.lists(st.tuples(st.integers(0, 500), st.sampled_from([96, 111, SHARED, 0]), st.binary(max_size=2))))
def test_no_more_sources_are_remembered_than_is_said(packets: list[tuple[int, int, bytes]]) -> None:
    found, dropped = sections()
    kinds = [found.of(packet(*one)) for one in packets]
    assert len(found._bound) <= MAX_BOUND
    assert kinds.count(None) == dropped.total()


def test_the_source_that_was_learnt_first_is_forgotten() -> None:
    found, _ = sections()
    for ssrc in range(10, 11 + MAX_BOUND):
        assert found.of(packet(ssrc, 96, b"c")) is None
    assert found.of(packet(11)) is None
    assert found.of(packet(10)) == "video", "forgotten, so its payload type counts"
