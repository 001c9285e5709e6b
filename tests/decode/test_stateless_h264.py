"""H.264's headers for a stateless device. What encoders write is held against FFmpeg in the guest (tests/vm/vaapi)."""

import pytest

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless import h264_scaling as scaling
from receiver.decode.stateless.h264 import H264Reader
from receiver.decode.stateless.h264_slice import Mark
from receiver.decode.stateless.plan import NS, Plan, Unfit
from tests.peers import varied
from tests.peers.h264_writer import Stream, kept_for_long, ordered_by_cycle, with_gaps

STREAM = Stream()
START = STREAM.sets() + STREAM.keyframe()


def read(*units: bytes) -> list[Plan]:
    reader = H264Reader()
    return [plan for unit in units for plan in reader.read(unit)]


def decode(plan: Plan) -> abi.DecodeParams:
    said = dict(plan.parts[0].controls)[abi.DECODE]
    assert isinstance(said, abi.DecodeParams)
    return said


def looked_at(plan: Plan) -> list[tuple[int, int, bool]]:
    """Of each picture that it may be predicted from: its number, PicNum (or LongTermPicNum), whether kept for long."""
    return [
        (
            entry.reference_ts // NS,
            entry.pic_num - (1 << 32 if entry.pic_num >> 31 else 0),
            bool(entry.flags & abi.LONG_TERM),
        )
        for entry in decode(plan).dpb
        if entry.flags
    ]


@pytest.mark.parametrize("kind", varied.H264)
def test_pictures_come_in_the_order_of_showing(kind: str) -> None:
    units = varied.encode("H264", kind, 30)
    plans = read(*(data for data, _ in units))
    shown = [units[unit - 1][1] for plan in plans for unit in plan.shows]
    assert shown == list(range(len(shown)))
    assert len(shown) >= 30 - plans[0].layout.pictures
    for plan in plans:
        assert len(plan.kept) <= plan.layout.pictures


def test_the_device_gets_slices_alone_and_what_the_sets_say() -> None:
    (plan,) = read(b"\0\0\0\1\x09\x10" + START + b"\0\0\1\x06\x05\x01\xff\x80")
    assert plan.parts[0].data == START[START.index(b"\0\0\0\1\x65") + 1 :]
    assert plan.layout.size == (64, 64)
    assert plan.layout.visible == (0, 0, 64, 64)
    assert plan.first == plan.parts[0].controls[:1]
    said = dict(plan.parts[0].controls)
    sps = said[abi.SPS]
    assert isinstance(sps, abi.Sps)
    assert (sps.profile_idc, sps.level_idc, sps.chroma_format_idc, sps.max_num_ref_frames) == (77, 10, 1, 4)
    assert sps.flags == abi.FRAMES_ONLY | abi.DIRECT_8X8
    flat = said[abi.SCALING]
    assert isinstance(flat, abi.Scaling)
    assert {*bytes(flat)} == {16}
    assert decode(plan).flags == abi.IDR
    assert decode(plan).idr_pic_id == 0
    assert (decode(plan).pic_order_cnt_bit_size, decode(plan).dec_ref_pic_marking_bit_size) == (4, 2)


def test_what_is_cut_off_is_not_shown() -> None:
    (plan,) = read(varied.encode("H264", "as casts are", 1)[0][0])
    assert plan.layout.size == (336, 192)
    assert plan.layout.visible == (0, 0, 322, 182)


def test_the_window_slides_and_numbers_wrap() -> None:
    plans = read(START, *(STREAM.frame(number % 16, number * 2 % 16) for number in range(1, 20)))
    assert looked_at(plans[2]) == [(1, 0, False), (2, 1, False)]
    assert looked_at(plans[17]) == [(14, -3, False), (15, -2, False), (16, -1, False), (17, 0, False)]
    assert [decode(plan).top_field_order_cnt for plan in plans] == [2 * number for number in range(20)]
    assert plans[19].kept == {17, 18, 19, 20}


def test_pictures_are_kept_for_long_and_given_up() -> None:
    plans = read(*kept_for_long())
    assert looked_at(plans[1]) == [(1, 0, True)]
    assert looked_at(plans[4]) == [(1, 0, True), (2, 1, False), (3, 2, False), (4, 3, False)]
    assert looked_at(plans[5]) == [(1, 0, True), (2, 1, False), (4, 1, True), (5, 4, False)]
    assert looked_at(plans[7]) == [(4, 1, True), (5, 4, False), (6, 5, False), (7, 2, True)]
    assert looked_at(plans[11])[-1] == (11, 0, True)


def test_all_are_forgotten_at_once() -> None:
    """memory_management_control_operation 5: numbers and the order of showing begin anew."""
    plans = read(
        *(START, STREAM.frame(1, 2), STREAM.frame(2, 4, marks=[Mark(5)]), STREAM.frame(1, 2), STREAM.frame(2, 4)),
    )
    assert [decode(plan).top_field_order_cnt for plan in plans] == [0, 2, 4, 2, 4]
    assert plans[2].kept == {3}
    assert looked_at(plans[3]) == [(3, 0, False)]
    assert [unit for plan in plans for unit in plan.shows] == [1, 2, 3, 4, 5]


def test_the_order_follows_a_cycle() -> None:
    plans = read(*ordered_by_cycle())
    assert [decode(plan).top_field_order_cnt for plan in plans[:8]] == [0, 3, 6, 6, 8, 13, 11, 15]


def test_a_picture_stands_in_for_those_that_were_left_out() -> None:
    plans = read(*with_gaps())
    assert looked_at(plans[3]) == [(2, 1, False), (3, 2, False), (3, 3, False)]
    assert looked_at(plans[5]) == [(5, 5, False), (5, 6, False), (5, 7, False)]
    assert all(len(plan.kept) <= 3 for plan in plans)


def test_pictures_that_are_missing_are_told() -> None:
    with pytest.raises(DecodeError, match="pictures are missing"):
        read(START, STREAM.frame(2, 4))


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ([STREAM.keyframe()], "without its picture parameter set 0"),
        ([STREAM.sets()[STREAM.sets().index(b"\0\0\0\1\x68") :] + STREAM.keyframe()], "its sequence parameter set 0"),
        ([STREAM.sets() + STREAM.frame(1)], "begin with a keyframe"),
        ([START, STREAM.frame(1, marks=[Mark(1, 7)])], "marks a picture that is not kept"),
        ([START, STREAM.frame(1, marks=[Mark(2, 3)])], "not kept for long"),
        ([START, STREAM.frame(1, marks=[Mark(4, 1)] * 80)], "marks pictures without end"),
        ([Stream(references=17).sets()], "says 17 where at most 16"),
        (
            [Stream(references=1).sets() + STREAM.keyframe(long_term=True), STREAM.frame(1)],
            "keeps all its pictures for long",
        ),
        ([START, *(STREAM.frame(number, marks=[]) for number in range(1, 6))], "keeps more than 4"),
        ([b"\0\0\0\1\x67"], "ends too soon"),
    ],
)
def test_what_is_wrong_with_a_stream_is_told(units: list[bytes], told: str) -> None:
    with pytest.raises(DecodeError, match=told):
        read(*units)


@pytest.mark.parametrize(
    ("stream", "told"), [(Stream(progressive=False), "interlaced H264"), (Stream(slice_groups=1), "groups of slices")]
)
def test_what_devices_are_not_asked_for_is_told(stream: Stream, told: str) -> None:
    with pytest.raises(Unfit, match=told):
        read(stream.sets() + stream.keyframe())


def test_a_keyframe_heals_what_was_wrong() -> None:
    reader = H264Reader()
    reader.read(START)
    with pytest.raises(DecodeError):
        reader.read(STREAM.frame(5, 2))
    (plan,) = reader.read(START)
    assert plan.kept == {plan.unit}
    assert len(reader.read(STREAM.frame(1, 2))) == 1


def test_zigzags_are_those_of_the_standard() -> None:
    assert scaling.ZIGZAG[16] == (0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15)
    assert scaling.ZIGZAG[64][:12] == (0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25)
    assert sorted(scaling.ZIGZAG[64]) == list(range(64))


def lists_of(plan: Plan) -> list[list[int]]:
    """Of its first slice, by the numbers of the pictures."""
    said = dict(plan.parts[0].controls)
    params, params_of_picture = said[abi.SLICE], said[abi.DECODE]
    assert isinstance(params, abi.SliceParams)
    assert isinstance(params_of_picture, abi.DecodeParams)
    counts = params.num_ref_idx_l0_active_minus1 + 1, params.num_ref_idx_l1_active_minus1 + 1
    return [
        [params_of_picture.dpb[entry.index].reference_ts // NS for entry in given[:count]]
        for given, count in zip((params.ref_pic_list0, params.ref_pic_list1), counts, strict=True)
    ]


def test_slices_go_in_one_by_one_where_a_device_takes_them_so() -> None:
    reader = H264Reader(by_slice=True)
    assert reader.settings == ((abi.DECODE_MODE, abi.BY_SLICE), (abi.START_CODE, abi.BARE))
    units = varied.encode("H264", "as casts are", 2)
    key, following = (plan for data, _ in units for plan in reader.read(data))
    assert len(key.parts) == len(following.parts) == 2
    assert [part.data[0] & 31 for part in (*key.parts, *following.parts)] == [5, 5, 1, 1]
    params = [dict(part.controls)[abi.SLICE] for part in following.parts]
    begun = [one.first_mb_in_slice for one in params if isinstance(one, abi.SliceParams)]
    assert begun == [0, 126], "of 21 x 12 macroblocks"
    assert lists_of(following)[0] == [1]


def test_lists_begin_with_the_newest_and_end_with_what_is_kept_for_long() -> None:
    reader = H264Reader(by_slice=True)
    stream = Stream(counts=4)
    plans = [plan for unit in kept_for_long(stream) for plan in reader.read(unit)]
    assert lists_of(plans[3])[0] == [3, 2, 1, 3], "a list that is too short goes on with its first"
    assert lists_of(plans[4])[0] == [4, 3, 2, 1]
    assert lists_of(plans[5])[0] == [5, 2, 1, 4], "LongTermFrameIdx 0, then 1"


@pytest.mark.parametrize(
    ("changes", "told"), [([(0, 7)], "not kept"), ([(2, 3)], "not kept"), ([(0, 0)] * 80, "without end")]
)
def test_lists_of_pictures_that_are_not_there_are_told(changes: list[tuple[int, int]], told: str) -> None:
    reader = H264Reader(by_slice=True)
    reader.read(START)
    with pytest.raises(DecodeError, match=told):
        reader.read(STREAM.frame(1, 2, changes=changes))
