"""The pure parts of our client of stateful V4L2 decoders."""

import ctypes
from pathlib import Path

import pytest

from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.formats import ENCODED, RAW, fourcc, meaning, places, preferred, spelled
from receiver.decode.v4l2.nodes import nodes
from receiver.decode.v4l2.pending import MAX_KEPT, PROMPT, Pending, is_shown
from receiver.decode.v4l2.states import TRANSITIONS, Event, IllegalMove, State, move

NUMBERS = {
    "QUERYCAP": 0x80685600,
    "ENUM_FMT": 0xC0405602,
    "G_FMT": 0xC0D05604,
    "S_FMT": 0xC0D05605,
    "REQBUFS": 0xC0145608,
    "QUERYBUF": 0xC0585609,
    "QBUF": 0xC058560F,
    "EXPBUF": 0xC0405610,
    "DQBUF": 0xC0585611,
    "STREAMON": 0x40045612,
    "STREAMOFF": 0x40045613,
    "G_CTRL": 0xC008561B,
    "DQEVENT": 0x80885659,
    "SUBSCRIBE_EVENT": 0x4020565A,
    "G_SELECTION": 0xC040565E,
}
"""As a C compiler makes them on a machine of 64 bits; each has the size of its struct."""


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the numbers are those of 64 bits")
def test_ioctls_have_the_kernels_numbers() -> None:
    assert {name: getattr(abi, name) for name in NUMBERS} == NUMBERS


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the offsets are those of 64 bits")
def test_fields_lie_where_the_kernel_has_them() -> None:
    assert [getattr(abi.Buffer, name).offset for name in ("sec", "sequence", "m", "length", "request_fd")] == [
        *(24, 56, 64, 72, 80)
    ]
    assert [getattr(abi.Format, name).offset for name in ("type", "fmt")] == [0, 8]
    assert [getattr(abi.Event, name).offset for name in ("u", "pending", "id")] == [8, 72, 96]
    assert ctypes.sizeof(abi.Plane) == 64
    assert ctypes.sizeof(abi.PixFormatPlanes) == 192


def test_formats_are_the_kernels_and_nv12_is_asked_for_first() -> None:
    assert [spelled(code) for code in ENCODED.values()] == ["VP80", "H264", "VP90", "HEVC"]
    assert preferred([fourcc("YU12"), fourcc("RGB3"), fourcc("NV12")]) == fourcc("NV12")
    assert preferred([fourcc("NC12")]) is None


def test_planes_lie_one_after_another_or_in_memory_of_their_own() -> None:
    assert places(RAW[fourcc("NV12")], [704], 368) == [(0, 0, 704), (0, 704 * 368, 704)]
    assert places(RAW[fourcc("YU12")], [640], 368) == [(0, 0, 640), (0, 640 * 368, 320), (0, 640 * 460, 320)]
    assert places(RAW[fourcc("NM12")], [704, 704], 368) == [(0, 0, 704), (1, 0, 704)]
    assert places(RAW[fourcc("P010")], [1280], 360, (8, 4)) == [(0, 4 * 1280 + 16, 1280), (0, 362 * 1280 + 16, 1280)]


def test_colours_are_said_or_implied() -> None:
    assert meaning(3, 0, 0, 0) == (1, 2, None)  # REC709
    assert meaning(1, 2, 2, 0) == (1, 2, False)  # SMPTE170M with BT.709's matrix, limited
    assert meaning(10, 0, 1, 7) == (9, 16, True)  # BT2020, full, PQ
    assert meaning(0, 0, 0, 0) == (2, 2, None)


def test_a_change_of_size_ends_with_buffers_of_the_new_size_in_either_order() -> None:
    changes: list[list[Event]] = [
        ["sized"],
        ["unsaid", "sized", "last"],
        ["sized", "last", "sized"],
        ["sized", "sized", "sized", "last"],
    ]
    for events in changes:
        state: State = "header"
        for event in events:
            state = move(state, event)
        assert state == "decoding"
    for state in ("header", "changing", "ended"):
        for event in ("unsaid", "last"):
            if (state, event) not in TRANSITIONS:
                with pytest.raises(IllegalMove):
                    move(state, event)


def test_pictures_that_a_device_orders_are_waited_for_once() -> None:
    pending: Pending[str] = Pending(in_order=False)
    pending.add(1, "I")
    assert pending.missing
    assert pending.take(1) == "I"
    pending.add(2, "P")
    assert pending.missing
    assert pending.keep()
    for unit in range(3, 200, 2):
        pending.add(unit, "B")
        assert [pending.take(unit), pending.take(unit - 1)] == ["B", "P"]
        pending.add(unit + 1, "P")
        assert not pending.missing, "one is kept: nobody waits for it"


def test_a_device_that_was_late_once_is_waited_for_again() -> None:
    pending: Pending[str] = Pending(in_order=False)
    pending.add(1, "late")
    assert pending.keep()
    assert pending.take(1) == "late"
    for unit in range(2, 2 + PROMPT):
        pending.add(unit, "prompt")
        assert pending.take(unit) == "prompt"
    pending.add(99, "again")
    assert pending.missing


def test_a_picture_that_is_lost_does_not_count_for_ever() -> None:
    pending: Pending[str] = Pending(in_order=False)
    for unit in range(1, 500):
        pending.add(unit, "P")
        assert pending.missing, "one that was lost delays none after it"
        if unit % 10:
            assert pending.take(unit) == "P"
        else:
            assert pending.keep()
    for unit in range(500, 500 + MAX_KEPT):
        pending.add(unit, "P")
    assert not pending.keep()


def test_a_frame_that_is_never_shown_is_not_waited_for_when_a_later_one_is_there() -> None:
    pending: Pending[str] = Pending(in_order=True)
    pending.add(1, "hidden")
    pending.add(2, "shown")
    assert pending.take(2) == "shown"
    assert not pending.missing
    pending.add(3, "hidden", shown=is_shown("VP8", b"\x01"))
    assert not pending.missing
    assert is_shown("VP8", b"\x11")
    assert is_shown("H264", b"\x00")


def test_a_camera_is_not_opened_to_be_asked_whether_it_decodes(tmp_path: Path) -> None:
    """Trees as the kernel's and udev's: a Pi's codecs and its camera, a webcam, and what udev has not seen."""
    dev, sysfs, udev = (tmp_path / name for name in ("dev", "sysfs", "udev"))
    found = (
        ("video0", "platform", ":capture:"),
        ("video1", "usb", None),
        ("video2", "usb", ":"),
        ("video10", "platform", ":"),
        ("video11", "platform", ":capture:video_output:"),
        ("video9", "platform", None),
    )
    udev.mkdir(parents=True)
    dev.mkdir()
    for minor, (name, bus, able) in enumerate(found):
        (dev / name).touch()
        known = sysfs / name
        (known / "device").mkdir(parents=True)
        (tmp_path / "bus" / bus).mkdir(parents=True, exist_ok=True)
        (known / "device/subsystem").symlink_to(tmp_path / "bus" / bus)
        (known / "dev").write_text(f"81:{minor}\n")
        if able is not None:
            (udev / f"c81:{minor}").write_text(
                f"S:v4l/by-path/x\nE:ID_V4L_VERSION=2\nE:ID_V4L_CAPABILITIES={able}\nV:1\n"
            )
    assert [node.name for node in nodes(dev, sysfs, udev)] == ["video9", "video10", "video11"]
    assert len(nodes(dev, tmp_path / "none", udev)) == 6, "without sysfs nothing is ruled out"
