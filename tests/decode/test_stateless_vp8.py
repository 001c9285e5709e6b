"""VP8's headers for a stateless device. What encoders write is held against FFmpeg in the guest (tests/vm/vaapi)."""

import pytest

from receiver.decode.api import DecodeError
from receiver.decode.stateless import vp8_abi as abi
from receiver.decode.stateless import vp8_tables as tables
from receiver.decode.stateless.plan import NS, Plan
from receiver.decode.stateless.vp8 import Vp8Reader
from tests.peers.bool_encoder import BoolEncoder


def header(
    key: bool = False,
    *,
    copies: tuple[int, int] = (0, 0),
    refresh: tuple[int, int, int] = (0, 0, 1),
    keeps: bool = True,
    changed: dict[int, int] | None = None,
    filters: bool = True,
    segments: bool = False,
    partitions: int = 0,
) -> bytes:
    """The first partition. ``refresh``: golden, alternative, last; ``copies``: into golden and alternative."""
    bits = BoolEncoder()
    if key:
        bits.u(2, 0)
    bits.u(1, segments)
    if segments:
        bits.u(2, 3).u(1, 1)
        for number in (5, -6, 0, 0, 7, 0, 0, 0):
            size = 7 if number in (5, -6) else 6
            bits.u(1, number != 0)
            if number:
                bits.u(size, abs(number)).u(1, number < 0)
        bits.u(1, 1).u(8, 77).u(2, 0)
    bits.u(1, 0).u(6, 12).u(3, 2).u(1, filters)
    if filters:
        bits.u(1, key)
        if key:
            for number in (3, -4, 0, 0, 0, 0, 0, 9):
                bits.u(1, number != 0)
                if number:
                    bits.u(6, abs(number)).u(1, number < 0)
    bits.u(2, partitions).u(7, 60)
    for number in (1, 0, 0, 0, -2):
        bits.u(1, number != 0)
        if number:
            bits.u(4, abs(number)).u(1, number < 0)
    if key:
        bits.u(1, keeps)
    else:
        golden, alt, last = refresh
        bits.u(1, golden).u(1, alt)
        if not golden:
            bits.u(2, copies[0])
        if not alt:
            bits.u(2, copies[1])
        bits.u(1, 0).u(1, 1).u(1, keeps).u(1, last)
    for place, probability in enumerate(tables.COEFFICIENT_CHANGES):
        value = (changed or {}).get(place)
        bits.bool(probability, value is not None)
        if value is not None:
            bits.u(8, value)
    bits.u(1, 0)
    if not key:
        bits.u(8, 10).u(8, 20).u(8, 30).u(2, 0)
        for probability in tables.MOTION_CHANGES:
            bits.bool(probability, False)
    return bits.u(16, 0).end()


def frame(key: bool = False, shown: bool = True, size: tuple[int, int] = (64, 48), **parts: object) -> bytes:
    first = header(key, **parts)  # type: ignore[arg-type]
    tag = (not key) | shown << 4 | len(first) << 5
    start = b"\x9d\x01\x2a" + b"".join(side.to_bytes(2, "little") for side in size) if key else b""
    return tag.to_bytes(3, "little") + start + first + bytes(5)


def read(reader: Vp8Reader, data: bytes) -> tuple[Plan, abi.Frame]:
    (plan,) = reader.read(data)
    said = dict(plan.parts[0].controls)[abi.FRAME]
    assert isinstance(said, abi.Frame)
    return plan, said


def test_pictures_are_kept_where_frames_may_look_back_to_them() -> None:
    reader = Vp8Reader()
    kept = [
        sorted(read(reader, data)[0].kept)
        for data in (
            frame(True),
            frame(),
            frame(refresh=(1, 0, 0)),
            frame(copies=(1, 2)),
            frame(refresh=(0, 1, 0)),
            frame(refresh=(0, 0, 0)),
            frame(copies=(2, 1)),
        )
    ]
    assert kept == [[1], [1, 2], [1, 2, 3], [2, 3, 4], [2, 4, 5], [2, 4, 5], [4, 5, 7]]
    plan, said = read(reader, frame())
    assert [time // NS for time in (said.last_frame_ts, said.golden_frame_ts, said.alt_frame_ts)] == [7, 5, 4]
    assert said.flags == abi.SHOWN | abi.ALT_SIGN
    assert plan.shows == (8,)


def test_a_picture_that_is_not_shown_is_decoded_all_the_same() -> None:
    reader = Vp8Reader()
    read(reader, frame(True))
    plan, said = read(reader, frame(shown=False))
    assert not plan.shows
    assert not said.flags & abi.SHOWN
    assert plan.kept == {1, 2}


def test_what_a_frame_changes_is_inherited_or_not() -> None:
    reader = Vp8Reader()
    _, key = read(reader, frame(True, segments=True, changed={3: 99}))
    assert key.entropy.coeff_probs[3] == 99
    assert list(key.segment.quant_update) == [5, -6, 0, 0]
    assert list(key.segment.lf_update) == [7, 0, 0, 0]
    assert list(key.segment.segment_probs) == [77, 255, 255]
    assert key.segment.flags == abi.SEGMENTS | abi.UPDATE_MAP | abi.UPDATE_DATA
    assert list(key.lf.ref_frm_delta) == [3, -4, 0, 0]
    assert list(key.lf.mb_mode_delta) == [0, 0, 0, 9]
    assert (key.lf.level, key.lf.sharpness_level, key.quant.y_ac_qi) == (12, 2, 60)
    assert (key.quant.y_dc_delta, key.quant.uv_ac_delta) == (1, -2)
    _, once = read(reader, frame(changed={3: 55, 1055: 7}, keeps=False))
    assert (once.entropy.coeff_probs[3], once.entropy.coeff_probs[1055]) == (55, 7)
    _, later = read(reader, frame())
    assert (later.entropy.coeff_probs[3], later.entropy.coeff_probs[1055]) == (99, tables.COEFFICIENTS[1055])
    assert list(later.lf.ref_frm_delta) == [3, -4, 0, 0]
    assert later.segment.flags == 0
    assert (later.prob_intra, later.prob_last, later.prob_gf) == (10, 20, 30)
    _, anew = read(reader, frame(True, filters=False))
    assert bytes(anew.entropy.coeff_probs) == tables.COEFFICIENTS
    assert list(anew.lf.ref_frm_delta) == [0, 0, 0, 0]


def test_a_change_of_size_is_a_new_layout() -> None:
    reader = Vp8Reader()
    first, _ = read(reader, frame(True))
    second, _ = read(reader, frame(True, size=(130, 70)))
    assert (first.layout.size, second.layout.size) == ((64, 48), (130, 70))
    assert not second.layout.fits(first.layout)
    assert second.kept == {2}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "ends within its first partition"),
        (frame(True)[:8], "ends within its first partition"),
        (frame(True)[:20], "ends within its first partition"),
        (frame(), "has to begin with a keyframe"),
        (frame(True).replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"), "without its start code"),
        (frame(True, size=(0, 48)), "nothing in it"),
        (frame(True, partitions=2), "ends within its partitions"),
        ((0x10 | 4 << 5).to_bytes(3, "little") + frame(True)[3:], "header is longer than its first partition"),
    ],
)
def test_what_is_wrong_with_a_frame_is_told(data: bytes, told: str) -> None:
    with pytest.raises(DecodeError, match=told):
        Vp8Reader().read(data)
