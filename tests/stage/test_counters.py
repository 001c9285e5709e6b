"""What a stream reports."""

from av import VideoFrame

from receiver.media import Picture, Stamps
from receiver.stage.counters import Counters

MS = 1_000_000
SECOND = 1_000_000_000


def test_rates_are_of_the_period_and_counts_of_the_whole_stream() -> None:
    counters = Counters(3, 0)
    picture = Picture(3, 0, 64, 48, VideoFrame(64, 48), Stamps(None, 100 * MS, 110 * MS))
    for transit in (20, 30, 90):
        counters.decoded("VP8", "vp8", 1)
        counters.presented(picture, (100 + transit) * MS)
    counters.drop("decode_error")
    counters.miss("drawn_late")
    first = counters.report(SECOND // 2, {"late": 2}, 1, -3.5, {"sound_late": 40})
    assert (first.stream, first.codec, first.width, first.height) == (3, "VP8", 64, 48)
    assert (first.fps, first.transit_ms, first.frames_presented, first.frames_decoded) == (6.0, 30.0, 3, 3)
    assert (first.decoder, first.fallback) == ("vp8", "")
    assert first.missed == {"drawn_late": 1}
    assert first.dropped == {"decode_error": 1, "late": 2}
    assert (first.shown_late, first.audio_offset_ms, first.sound_dropped_ms) == (1, -3.5, {"sound_late": 40})
    second = counters.report(3 * SECOND // 2, {"late": 2}, 1, None, {})
    assert (second.fps, second.transit_ms, second.frames_presented) == (0.0, 0.0, 3)
    assert second.dropped == {"decode_error": 1, "late": 2}
