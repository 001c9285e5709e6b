"""VP9's headers for a stateless device. What encoders write is held against FFmpeg in the guest (tests/vm/vaapi)."""

import ctypes

import pytest

from receiver.decode.api import DecodeError
from receiver.decode.probe import PROOFS
from receiver.decode.stateless import vp9_abi as abi
from receiver.decode.stateless import vp9_changes
from receiver.decode.stateless.bool_decoder import BoolDecoder
from receiver.decode.stateless.plan import NS, Plan, Unfit
from receiver.decode.stateless.vp9 import Vp9Reader, frames
from tests.gpu import streams
from tests.peers import varied
from tests.peers.bool_encoder import BoolEncoder

KEY, NEXT = PROOFS["VP9"]
HIDDEN = bytes([KEY[0] & ~2]) + KEY[1:]
SHOW_FIRST_SLOT = b"\x88"


def read(*units: bytes) -> list[Plan]:
    reader = Vp9Reader()
    return [plan for unit in units for plan in reader.read(unit)]


def frame(plan: Plan) -> abi.Frame:
    said = dict(plan.parts[0].controls)[abi.FRAME]
    assert isinstance(said, abi.Frame)
    return said


def superframe(*parts: bytes) -> bytes:
    mark = bytes([0xC0 | 1 << 3 | len(parts) - 1])
    return b"".join(parts) + mark + b"".join(len(part).to_bytes(2, "little") for part in parts) + mark


def test_structs_are_as_large_as_the_kernels() -> None:
    assert (ctypes.sizeof(abi.Frame), ctypes.sizeof(abi.Changes)) == (168, 2040)
    assert (abi.FRAME, abi.CHANGES) == (0xA40A2C, 0xA40A2D)


@pytest.mark.parametrize("kind", varied.VP9)
def test_a_compressed_header_is_read_to_its_very_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends in zeros, within a byte of what has been taken: one bit out of step, and it would not."""
    readers: list[tuple[BoolDecoder, int]] = []

    def opened(data: bytes) -> BoolDecoder:
        readers.append((BoolDecoder(data), len(data)))
        return readers[-1][0]

    monkeypatch.setattr(vp9_changes, "BoolDecoder", opened)
    units = varied.encode("VP9", kind, 30)
    assert len(read(*(data for data, _ in units))) == len(readers) == 30
    for bits, size in readers:
        assert 8 < 8 * size - bits.taken <= 16
        assert not any(bits.bool() for _ in range(64))


def test_pictures_are_kept_in_slots() -> None:
    plans = read(KEY, NEXT)
    assert plans[0].kept == {1}
    assert {1, 2} == plans[1].kept
    assert frame(plans[1]).last_frame_ts == 1 * NS
    assert frame(plans[0]).flags & (abi.KEY | abi.SHOWN) == abi.KEY | abi.SHOWN
    assert frame(plans[0]).compressed_header_size + frame(plans[0]).uncompressed_header_size < len(KEY)


def test_a_picture_may_be_shown_later() -> None:
    (hidden,) = read(HIDDEN)
    assert hidden.shows == ()
    hidden, later = read(superframe(HIDDEN, SHOW_FIRST_SLOT))
    assert hidden.parts[0].data == HIDDEN
    assert not later.parts
    assert [hidden.shows, later.shows] == [(), (1,)]
    assert later.kept == {1}
    first, again, after = read(KEY, SHOW_FIRST_SLOT, NEXT)
    assert (first.shows, again.shows, after.shows) == ((1,), (1,), (3,))


def test_what_looks_like_an_index_and_is_none_is_a_frame() -> None:
    assert frames(b"\x82\xc0") == [b"\x82\xc0"]
    assert frames(superframe(b"ab", b"cde")) == [b"ab", b"cde"]


def test_each_way_to_say_a_step_is_read() -> None:
    for step, expected in ((0, 7), (15, 202), (16, 215), (20, 1), (31, 13), (63, 48), (64, 49), (254, 253)):
        bits = BoolEncoder()
        if step < 16:
            bits.u(1, 0).u(4, step)
        elif step < 32:
            bits.u(2, 2).u(4, step - 16)
        elif step < 64:
            bits.u(3, 6).u(5, step - 32)
        elif step < 129:
            bits.u(3, 7).u(7, step - 64)
        else:
            bits.u(3, 7).u(7, (step + 1) >> 1).u(1, (step + 1) & 1)
        assert vp9_changes.STEPS[vp9_changes._step(BoolDecoder(bits.end() + b"\0"))] == expected, step
    assert len(vp9_changes.STEPS) == 255


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ([b""], "an empty VP9 frame"),
        ([b"\x00" * 20], "does not begin as one"),
        ([NEXT], "predicted from a picture that never came"),
        ([SHOW_FIRST_SLOT], "shows a picture that never came"),
        ([KEY[:1] + b"\0" + KEY[2:]], "without its sync code"),
        ([KEY[:12]], "a header ends too soon"),
        ([KEY[:19]], "ends within its headers"),
        ([superframe(KEY, KEY)[10:]], "ends within its frames"),
    ],
)
def test_what_is_wrong_with_a_frame_is_told(units: list[bytes], told: str) -> None:
    with pytest.raises(DecodeError, match=told):
        read(*units)


def test_what_devices_are_not_asked_for_is_told() -> None:
    with pytest.raises(Unfit, match="other than 4:2:0 with 8 bits"):
        read(*(data for data, _ in streams.encode("VP9", 64, 64, 1, "yuv444p")))
    reader = Vp9Reader()
    reader.read(KEY)
    reader._sizes[0] = (128, 128)
    with pytest.raises(Unfit, match="of another size"):
        reader.read(NEXT)
