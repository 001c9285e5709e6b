"""What every reader for a stateless device is made of, and what the kernel is told."""

import ctypes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.decode.api import DecodeError
from receiver.decode.stateless import abi, h264_abi, vp8_abi
from receiver.decode.stateless.bits import Bits, unescaped, units
from receiver.decode.stateless.bool_decoder import BoolDecoder
from receiver.decode.stateless.request import media_node
from receiver.decode.stateless.showing import Showing
from tests.peers import h264_writer
from tests.peers.bool_encoder import BoolEncoder

SIZES = {
    abi.ExtControl: 20,
    h264_abi.Sps: 1048,
    h264_abi.Pps: 12,
    h264_abi.Scaling: 480,
    h264_abi.Entry: 32,
    h264_abi.DecodeParams: 560,
    h264_abi.SliceParams: 152,
    h264_abi.Weights: 772,
    vp8_abi.Frame: 1232,
}
"""As a C compiler has them, on any machine."""
NUMBERS = {
    "S_EXT_CTRLS": {8: 0xC0205648, 4: 0xC0185648}[ctypes.sizeof(ctypes.c_void_p)],
    "REQUEST_ALLOC": 0x80047C05,
    "REQUEST_QUEUE": 0x7C80,
    "REQUEST_REINIT": 0x7C81,
}
"""The first has the size of its struct, in which there is a pointer."""


def test_structs_are_as_large_as_the_kernels() -> None:
    assert {struct: ctypes.sizeof(struct) for struct in SIZES} == SIZES
    assert (h264_abi.SPS, h264_abi.DECODE, vp8_abi.FRAME) == (0xA40902, 0xA40907, 0xA409C8)


def test_ioctls_have_the_kernels_numbers() -> None:
    assert {name: getattr(abi, name) for name in NUMBERS} == NUMBERS


def test_controls_are_packed_with_their_values() -> None:
    value = h264_abi.Pps(pic_parameter_set_id=7)
    said = abi.packed([(h264_abi.DECODE_MODE, 1), (h264_abi.PPS, value)])
    assert (said[0].id, said[0].size, said[0].u.value) == (h264_abi.DECODE_MODE, 0, 1)
    assert (said[1].id, said[1].size, said[1].u.ptr) == (h264_abi.PPS, 12, ctypes.addressof(value))


@given(
    st.lists(
        st.one_of(st.tuples(st.just("u"), st.integers(0, 255)), st.tuples(st.just("se"), st.integers(-9999, 9999)))
    )
)
def test_bits_are_read_as_they_were_written(numbers: list[tuple[str, int]]) -> None:
    written = h264_writer.Bits()
    for kind, number in numbers:
        written.u(8, number) if kind == "u" else written.se(number)
    (unit,) = units(written.unit(0x67))
    bits = Bits(unescaped(unit))
    assert [bits.u(8) if kind == "u" else bits.se() for kind, _ in numbers] == [number for _, number in numbers]
    assert bits.position == len(written.text)
    assert not bits.more()


def test_a_header_that_ends_too_soon_is_told() -> None:
    with pytest.raises(DecodeError, match="ends too soon"):
        Bits(b"\x80").u(9)
    with pytest.raises(DecodeError, match="more than 32 bits"):
        Bits(bytes(8)).ue()
    with pytest.raises(DecodeError, match="says 6 where at most 5"):
        Bits(b"\x38").ue(5)


@given(st.lists(st.tuples(st.integers(1, 255), st.booleans()), min_size=1))
def test_bools_are_decoded_as_they_were_encoded(bools: list[tuple[int, bool]]) -> None:
    encoder = BoolEncoder()
    for probability, value in bools:
        encoder.bool(probability, value)
    data = encoder.end()
    decoder = BoolDecoder(data)
    assert [decoder.bool(probability) for probability, _ in bools] == [value for _, value in bools]
    at_once = BoolDecoder(data)
    probabilities = bytes(probability for probability, _ in bools)
    found, place = [], -1
    while (place := at_once.first_true(probabilities, place + 1)) < len(bools):
        found.append(place)
    assert found == [place for place, (_, value) in enumerate(bools) if value]
    assert at_once.state == decoder.state
    assert 128 <= decoder.state[0] <= 255
    assert 0 <= decoder.state[2] < 8


@given(st.permutations(range(12)), st.integers(0, 4))
def test_pictures_are_shown_in_order_as_far_as_they_may_wait(places: list[int], wait: int) -> None:
    """Each is shown once, and none before one that has been there before it and comes earlier."""
    showing = Showing(wait)
    shown: list[int] = []
    for unit, place in enumerate(places):
        now = showing.add(place, unit, frozenset(), 99)
        assert len(showing.units) <= wait
        shown += now
    shown += showing.all()
    assert sorted(shown) == list(range(12))
    if all(sum(other > place for other in places[:unit]) <= wait for unit, place in enumerate(places)):
        assert [places[unit] for unit in shown] == list(range(12))


def test_how_long_pictures_wait_is_learnt_where_it_is_not_said() -> None:
    showing, shown = Showing(None), list[int]()
    order = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11]
    for unit, place in enumerate(order):
        shown += [order[one] for one in showing.add(place, unit, frozenset(), 16)]
    assert shown[-4:] == sorted(shown[-4:])
    assert shown[:2] == [0, 4], "at once, until one came too late"


def test_a_picture_goes_out_early_where_there_is_no_room_for_it() -> None:
    showing = Showing(4)
    assert showing.add(9, 1, frozenset({1}), 2) == []
    assert showing.add(3, 2, frozenset({1, 2}), 2) == []
    assert showing.add(1, 3, frozenset({1, 2}), 2) == [3], "it is not kept for others, and takes the place of none"
    assert showing.add(5, 4, frozenset({1, 4}), 2) == [2]


def test_a_decoders_media_device_hangs_on_the_same_hardware(tmp_path: Path) -> None:
    hardware = tmp_path / "devices/platform/fdea0000.video-codec"
    (hardware / "media3").mkdir(parents=True)
    sysfs = tmp_path / "class"
    (sysfs / "video7").mkdir(parents=True)
    (sysfs / "video7/device").symlink_to(hardware)
    assert media_node(Path("/dev/video7"), sysfs) == Path("/dev/media3")
    assert media_node(Path("/dev/video8"), sysfs) is None
