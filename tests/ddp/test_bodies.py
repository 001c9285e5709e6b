"""Request bodies: decoded as they say, bounded, and refused in words."""

import contextlib
import gzip
import tracemalloc

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp.bodies import MAX_BODY, BodyRefused, decode
from receiver.ddp.compression import chosen

CODINGS = st.sampled_from(["", "identity", "gzip", "x-gzip", "br", " GZIP "])


@given(st.binary(max_size=2000))
def test_what_was_encoded_comes_out(body: bytes) -> None:
    assert decode(gzip.compress(body), "gzip") == decode(brotli.compress(body), "BR") == decode(body, "") == body


@given(st.binary(max_size=200), CODINGS, st.integers(0, 100))
def test_any_bytes_are_decoded_or_refused(body: bytes, coding: str, most: int) -> None:
    with contextlib.suppress(BodyRefused):
        assert len(decode(body, coding, most)) <= most


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_bomb_takes_no_memory(coding: str, encode: object) -> None:
    assert callable(encode)
    assert len(decode(encode(bytes(MAX_BODY)), coding)) == MAX_BODY
    bomb = encode(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(BodyRefused) as refused:
        decode(bomb, coding)
    assert refused.value.status == 413
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_body_is_one_whole_stream(coding: str, encode: object) -> None:
    assert callable(encode)
    whole = encode(b"hello" * 50)
    for body in (whole[:-1], whole + b"x", whole + whole, b""):
        with pytest.raises(BodyRefused) as refused:
            decode(body, coding)
        assert refused.value.status == 400
    with pytest.raises(BodyRefused, match="Use gzip, br, or none"):
        decode(whole, "deflate")


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("", None),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("BR ; q=0.001", "br"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("identity", None),
        ("brotli, gzipped", None),
        ("br;q=nan", None),
        ("br;q=2", None),
        ("br;level=1", None),
    ],
)
def test_the_coding_is_the_one_the_client_wants(accept: str, coding: str | None) -> None:
    assert chosen(accept) == coding


@given(st.text())
def test_any_header_is_read(accept: str) -> None:
    assert chosen(accept) in ("br", "gzip", None)
