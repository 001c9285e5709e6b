"""The media link from the intake's end, over a real socket pair."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from receiver.clock import FakeClock
from receiver.ingest.stage_link import MAX_BEHIND_NS, StageLink
from receiver.link import Framer, KeyframeRequest, SetPaused, encode
from receiver.linkio import media_pair
from receiver.media import EncodedFrame

FRAME = EncodedFrame(1, "video", "VP8", 3000, bytes(1000), True, False, 1, 2)
SOUND = EncodedFrame(1, "audio", "opus", 480, bytes(100), True, False, 1, 2)


class Ends:
    """The link, the stage's end of it, and how often a keyframe was asked for."""

    def __init__(self) -> None:
        near, self.far = media_pair()
        self.stage = self.far.video
        self.clock = FakeClock(10**9)
        self.requests = 0
        self.link = StageLink(near, self.clock, self._count)

    def _count(self) -> None:
        self.requests += 1


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    ends = Ends()
    yield ends
    ends.link.close()
    ends.far.close()


async def test_frames_arrive_whole(ends: Ends) -> None:
    assert ends.link.ready
    assert ends.link.send(FRAME)
    assert Framer().feed(ends.stage.recv(1 << 20)) == [FRAME]


async def test_sound_goes_another_way_than_pictures_and_does_not_wait_for_them(ends: Ends) -> None:
    ends.clock.advance(1)
    assert ends.link.send(FRAME)
    ends.clock.advance(MAX_BEHIND_NS + 1)
    assert not ends.link.send(FRAME)
    assert ends.link.send(SOUND)
    assert Framer().feed(ends.far.audio.recv(1 << 20)) == [SOUND]


async def test_a_stage_that_has_not_caught_up_in_time_is_refused_until_it_has(ends: Ends) -> None:
    assert ends.link.send(FRAME)
    ends.clock.advance(MAX_BEHIND_NS)
    assert ends.link.send(FRAME)
    ends.clock.advance(1)
    assert not ends.link.ready
    assert not ends.link.send(FRAME)
    ends.stage.recv(1 << 20)
    assert ends.link.ready
    assert ends.link.send(FRAME)


async def test_a_frame_that_does_not_fit_at_once_is_finished_later(ends: Ends) -> None:
    big = EncodedFrame(1, "video", "VP8", 3000, bytes(12_000_000), True, False, 1, 2)
    assert ends.link.send(big)
    assert not ends.link.ready
    framer, got = Framer(), []
    for _ in range(10_000):
        try:
            got += framer.feed(ends.stage.recv(1 << 20))
        except BlockingIOError:
            break
        ends.link.flush()
    assert got == [big]
    assert ends.link.ready


async def test_keyframe_requests_reach_the_stream_and_other_messages_do_not(ends: Ends) -> None:
    ends.stage.send(encode(KeyframeRequest("test")) + encode(SetPaused(1, True)))
    await asyncio.sleep(0.01)
    assert ends.requests == 1


@pytest.mark.parametrize("ending", ["close", "garbage"])
async def test_a_stage_that_is_gone_takes_nothing(ends: Ends, ending: str) -> None:
    if ending == "close":
        ends.stage.shutdown(socket.SHUT_RDWR)
    else:
        ends.stage.send(b"\x04\0\0\0junk")
    await asyncio.sleep(0.01)
    assert not ends.link.ready
    assert not ends.link.send(FRAME)
    assert not ends.link.flush()
    ends.link.close()
