import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import red
from receiver.ingest.red import MAX_BLOCKS, Block
from receiver.ingest.rtp import RtpError

older = st.builds(Block, st.integers(0, 127), st.integers(0, 0x3FFF), st.binary(max_size=60))
primary = st.builds(Block, st.integers(0, 127), st.just(0), st.binary(max_size=60))


def write(blocks: list[Block]) -> bytes:
    """RFC 2198 section 3."""
    *old, last = blocks
    heads = (bytes((0x80 | b.payload_type,)) + (b.offset << 10 | len(b.data)).to_bytes(3) for b in old)
    return b"".join(heads) + bytes((last.payload_type,)) + b"".join(block.data for block in blocks)


@given(st.lists(older, max_size=MAX_BLOCKS), primary)
def test_what_was_written_is_read(old: list[Block], last: Block) -> None:
    assert red.split(write([*old, last])) == [*old, last]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "no primary"),
        (b"\x80\x00\x00", "inside a block's header"),
        (b"\x80\x00\x00\x05", "no primary"),
        (b"\x80\x00\x00\x05\x60abc", "5 bytes does not fit"),
        (b"\x80\x00\x00\x00" * 17 + b"\x60", "more than 16"),
    ],
)
def test_what_is_no_red_is_refused_with_the_reason(payload: bytes, why: str) -> None:
    with pytest.raises(RtpError, match=why):
        red.split(payload)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_raise_only_rtp_errors(payload: bytes) -> None:
    try:
        blocks = red.split(payload)
    except RtpError:
        return
    assert sum(len(block.data) for block in blocks) < len(payload)
