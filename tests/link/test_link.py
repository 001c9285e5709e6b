"""The framing between our own processes, and its shell over a real socket pair."""

import asyncio
import contextlib
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import linkio
from receiver.link import (
    AttachStream,
    Framer,
    KeyframeRequest,
    LinkError,
    Message,
    RtcAnswer,
    StopIntake,
    TapPicture,
    encode,
)
from receiver.media import EncodedFrame, Stamps

FRAME = EncodedFrame(1, "video", "VP8", 90_000, b"\x10\x02" * 500, True, False, 10, 20, None)
MESSAGES: list[Message] = [
    FRAME,
    KeyframeRequest("decode_error"),
    StopIntake(),
    RtcAnswer(3, "v=0\r\n"),
    TapPicture(1, 2, 3, 4, Stamps(None, 1, 2), b"\x00\xff"),
]


@given(st.lists(st.integers(0, len(MESSAGES) - 1), max_size=6), st.integers(1, 700))
def test_messages_survive_any_cut(order: list[int], step: int) -> None:
    stream = b"".join(encode(MESSAGES[i]) for i in order)
    framer = Framer()
    seen = [m for i in range(0, len(stream), step) for m in framer.feed(stream[i : i + step])]
    assert seen == [MESSAGES[i] for i in order]


@given(st.binary(max_size=200))
def test_garbage_is_a_link_error_or_waits_for_more(data: bytes) -> None:
    with contextlib.suppress(LinkError):
        Framer().feed(data)


def test_text_that_is_not_utf8_is_a_link_error() -> None:
    broken = encode(RtcAnswer(3, "an answer")).replace(b"an answer", b"an \x8dnswer")
    with pytest.raises(LinkError, match="can't be read"):
        Framer().feed(bytes(broken))


def test_an_announced_giant_is_refused_before_it_is_read() -> None:
    with pytest.raises(LinkError, match="at most"):
        Framer().feed(b"\xff\xff\xff\xff")


async def test_a_link_carries_messages_and_descriptors() -> None:
    a, b = linkio.pair()
    left, right = linkio.Link(a), linkio.Link(b)
    reading, writing = os.pipe()
    left.send(AttachStream(7, "Anna"), (writing,))
    os.close(writing)
    assert await right.receive() == AttachStream(7, "Anna")
    fd = right.take_fd()
    os.write(fd, b"x")
    assert os.read(reading, 1) == b"x"
    os.close(fd)
    os.close(reading)
    left.close()
    assert await right.receive() is None


async def test_send_refuses_a_peer_that_has_stopped_reading() -> None:
    a, b = linkio.pair()
    left = linkio.Link(a)
    big = EncodedFrame(1, "video", "VP8", 0, bytes(1_000_000), True, False, 0, 0)

    def flood() -> None:
        for _ in range(40):
            left.send(big)

    with pytest.raises(LinkError, match="stopped reading"):
        flood()
    left.close()
    b.close()


async def test_frame_sender_sends_whole_frames_or_none() -> None:
    a, b = linkio.pair()
    sender, right = linkio.FrameSender(a), linkio.Link(b)
    big = EncodedFrame(1, "video", "VP8", 0, bytes(3_000_000), True, False, 0, 0)
    accepted = sum(sender.send(big) for _ in range(10))
    assert 1 <= accepted < 10
    for _ in range(accepted):
        receive = asyncio.ensure_future(right.receive())
        while not receive.done():
            sender.flush()
            await asyncio.sleep(0)
        assert receive.result() == big
    right.close()
    assert not sender.send(FRAME)
    assert sender.broken


def test_pair_gives_stream_sockets() -> None:
    for end in linkio.pair():
        assert end.type == socket.SOCK_STREAM
        end.close()


async def test_a_link_that_finds_its_peer_gone_while_sending_ends_a_waiting_receive() -> None:
    a, b = linkio.pair()
    link = linkio.Link(a)
    receiving = asyncio.ensure_future(link.receive())
    await asyncio.sleep(0)
    b.close()
    link.send(FRAME)
    assert link.closed
    assert await asyncio.wait_for(receiving, 1) is None
