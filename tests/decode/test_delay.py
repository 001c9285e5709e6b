"""Each picture comes with its own frame: a slide must not wait for the next one."""

import pytest

from receiver.decode.backends import SOFTWARE, VIDEO
from receiver.media import Codec
from tests.gpu import streams


@pytest.mark.parametrize("codec", VIDEO)
def test_no_picture_is_kept_back_whatever_the_size(codec: Codec) -> None:
    stream = streams.frames(codec, streams.encode(codec, 640, 360, 10))
    stream += streams.frames(codec, streams.encode(codec, 366, 274, 10), 10)
    decoder = SOFTWARE.open(codec)
    for frame in stream:
        (picture,) = decoder.decode(frame)
        assert picture.timestamp == frame.timestamp
    assert (picture.width, picture.height) == (366, 274)
    decoder.close()
