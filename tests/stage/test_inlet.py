"""Pictures from one intake after another, over real socket pairs, read by one thread."""

import socket
import threading
from collections.abc import Iterator

import pytest

from receiver.link import Framer, KeyframeRequest, Message, SetPaused, encode
from receiver.linkio import pair
from receiver.media import EncodedFrame, Kind
from receiver.stage.inlet import Inlet

SOON_S, LONG_S = 5.0, 60.0


def frame(number: int, kind: Kind = "video") -> EncodedFrame:
    return EncodedFrame(1, kind, "VP8", number, bytes(1000), True, False, 1, 2)


def numbers(frames: list[EncodedFrame]) -> list[tuple[int, bool]]:
    return [(one.timestamp, one.discontinuity) for one in frames]


class Ends:
    """The inlet, and the intake's end of its present link."""

    def __init__(self) -> None:
        self.far, near = pair()
        self.inlet = Inlet(1, near)

    def send(self, *messages: Message) -> None:
        self.far.send(b"".join(encode(message) for message in messages))

    def renew(self) -> socket.socket:
        """Another intake; the end of the one before."""
        before = self.far
        self.far, near = pair()
        self.inlet.renew(near)
        return before


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.inlet.close()
    ends.far.close()


def test_the_first_of_each_intake_is_a_discontinuity(ends: Ends) -> None:
    ends.send(frame(1), frame(2))
    assert numbers(ends.inlet.receive(SOON_S)) == [(1, True), (2, False)]
    ends.send(frame(3))
    assert numbers(ends.inlet.receive(SOON_S)) == [(3, False)]
    ends.renew().close()
    ends.send(frame(4), frame(5))
    frames = [one for _ in range(2) for one in ends.inlet.receive(SOON_S)]
    assert numbers(frames) == [(4, True), (5, False)]


def test_nothing_comes_within_the_time(ends: Ends) -> None:
    assert ends.inlet.receive(0.01) == []
    assert ends.inlet.receive(0) == []


def test_keyframes_are_asked_of_whoever_sends_now(ends: Ends) -> None:
    ends.inlet.request("first")
    assert Framer().feed(ends.far.recv(1000)) == [KeyframeRequest("first")]
    before = ends.renew()
    ends.inlet.receive(SOON_S)
    ends.inlet.request("second")
    assert Framer().feed(ends.far.recv(1000)) == [KeyframeRequest("second")]
    assert before.recv(1000) == b""
    before.close()


@pytest.mark.parametrize("wrong", [encode(SetPaused(1, True)), encode(frame(2, "audio")), b"\x04\0\0\0junk"])
def test_what_is_no_picture_closes_the_link_until_another_intake_comes(ends: Ends, wrong: bytes) -> None:
    ends.far.send(wrong + encode(frame(3)))
    assert ends.inlet.receive(0.01) == []
    assert ends.inlet.receive(0.01) == []
    assert ends.far.recv(1000) == b"", "the intake sees it"
    ends.renew().close()
    ends.send(frame(4))
    assert numbers([one for _ in range(2) for one in ends.inlet.receive(SOON_S)]) == [(4, True)]


@pytest.mark.parametrize("gone", [False, True])
def test_the_end_wakes_who_waits(ends: Ends, gone: bool) -> None:
    if gone:
        ends.far.close()
    done = threading.Event()

    def wait() -> None:
        ends.inlet.receive(LONG_S)
        done.set()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert not done.wait(0.05)
    ends.inlet.end()
    assert done.wait(SOON_S)
    waiting.join()
    ends.inlet.request("nobody is there")
