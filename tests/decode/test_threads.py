"""One thread while that is quick enough, all of them where it is not; and no picture is lost by the change."""

import pytest

from receiver.decode import threads
from receiver.decode.api import Decoder
from receiver.decode.backends import SOFTWARE, VIDEO
from receiver.decode.threads import AsNeeded
from receiver.media import Codec, EncodedFrame, Picture
from tests.gpu import streams

Stream = tuple[Codec, list[EncodedFrame], list[EncodedFrame]]


class Timed:
    """A decoder of which each call takes ``takes`` ns."""

    def __init__(self, codec: Codec, takes: int) -> None:
        self.codec = codec
        self.takes = takes
        self.now = 0
        self.opened: list[int] = []

    def open_with(self, count: int) -> Decoder:
        self.opened.append(count)
        timed, real = self, SOFTWARE._open(self.codec, count)

        class Inner:
            name = real.name
            close = real.close

            def decode(self, frame: EncodedFrame) -> list[Picture]:
                timed.now += timed.takes
                return real.decode(frame)

        return Inner()

    def decoder(self, heavy: set[Codec], most: int = 4) -> AsNeeded:
        return AsNeeded(self.codec, self.open_with, most, heavy, lambda: self.now)


def decoded(decoder: Decoder, frames: list[EncodedFrame]) -> None:
    for frame in frames:
        (picture,) = decoder.decode(frame)
        assert picture.timestamp == frame.timestamp


@pytest.fixture(params=VIDEO)
def stream(request: pytest.FixtureRequest) -> Stream:
    """Twenty pictures, a keyframe, and twenty more."""
    codec: Codec = request.param
    first, second = (streams.encode(codec, 320, 180, 20) for _ in range(2))
    return codec, streams.frames(codec, first), streams.frames(codec, second, 20)


def test_a_quick_stream_keeps_its_one_thread(stream: Stream) -> None:
    codec, first, second = stream
    timed = Timed(codec, 2_000_000)
    heavy: set[Codec] = set()
    decoded(timed.decoder(heavy), first + second)
    assert timed.opened == [1]
    assert not heavy


def test_slow_pictures_get_all_threads_at_the_next_keyframe(stream: Stream) -> None:
    codec, first, second = stream
    timed = Timed(codec, 2 * threads.SLOW_NS)
    heavy: set[Codec] = set()
    decoder = timed.decoder(heavy)
    decoded(decoder, first)
    assert timed.opened == [1]
    decoded(decoder, second)
    assert timed.opened == [1, 4]
    assert heavy == {codec}
    timed.decoder(heavy)
    assert timed.opened == [1, 4, 4], "the next stream begins with what this one came to"


def test_a_slow_keyframe_is_decoded_anew_by_all(stream: Stream) -> None:
    codec, first, _ = stream
    timed = Timed(codec, threads.SLOW_KEYFRAME_NS + 1)
    decoded(timed.decoder(set()), first)
    assert timed.opened == [1, 4]


def test_a_machine_of_one_processor_has_nothing_to_change(stream: Stream) -> None:
    codec, first, second = stream
    timed = Timed(codec, 1_000_000_000)
    heavy: set[Codec] = set()
    decoded(timed.decoder(heavy, most=1), first + second)
    assert timed.opened == [1]
    assert not heavy
