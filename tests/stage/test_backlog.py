"""Encoded frames that wait for a decoder."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.media import EncodedFrame
from receiver.stage.backlog import CATCH_UP, LIMIT, Backlog


def frame(timestamp: int, keyframe: bool = False) -> EncodedFrame:
    return EncodedFrame(1, "video", "VP8", timestamp, b"", keyframe, False, 0, 0)


def pop(backlog: Backlog) -> int:
    """The timestamp of the next frame."""
    frame = backlog.pop()
    assert frame is not None
    return frame.timestamp


def test_a_keyframe_lets_a_slow_decoder_catch_up() -> None:
    backlog = Backlog()
    for i in range(CATCH_UP):
        backlog.push(frame(i))
    backlog.push(frame(99, keyframe=True))
    assert pop(backlog) == 99
    assert (backlog.pop(), backlog.dropped, backlog.overrun) == (None, CATCH_UP, False)


def test_a_short_queue_loses_nothing_to_a_keyframe() -> None:
    backlog = Backlog()
    backlog.push(frame(0))
    backlog.push(frame(1, keyframe=True))
    assert [pop(backlog), pop(backlog)] == [0, 1]


def test_a_hopeless_queue_goes_whole_and_says_so() -> None:
    backlog = Backlog()
    for i in range(LIMIT + 1):
        backlog.push(frame(i))
    assert len(backlog) == 0
    assert backlog.overrun
    assert backlog.dropped == LIMIT + 1


@given(st.lists(st.one_of(st.booleans(), st.none()), max_size=300))
def test_bounded_in_order_and_counted(events: list[bool | None]) -> None:
    backlog, pushed, popped = Backlog(), 0, []
    for event in events:
        if event is None:
            if (taken := backlog.pop()) is not None:
                popped.append(taken.timestamp)
        else:
            backlog.push(frame(pushed, keyframe=event))
            pushed += 1
        assert len(backlog) <= LIMIT
    assert popped == sorted(popped)
    assert len(popped) + len(backlog) + backlog.dropped == pushed
