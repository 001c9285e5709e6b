"""The kernel's structs and events from bytes, and which mode and route are chosen. Real ioctls: tests/vm."""

import ctypes
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import BackendUnavailable
from receiver.present.drm import abi, events
from receiver.present.drm.card import Card
from receiver.present.drm.modes import Connector, Mode, Plane, Route, by_preference, choose_route, parse

HD_60 = (148_500, 1920, 2008, 2052, 2200, 0, 1080, 1084, 1089, 1125, 0, 60, 0x5, 0x48, b"1920x1080")
"""CTA-861 mode 16 as the kernel lists it: the driver's own and preferred."""


def raw(mode: tuple[int | bytes, ...] = HD_60, **changes: int) -> bytes:
    names = [name for name, *_ in abi.ModeInfo._fields_]
    return struct.pack("<I10H3I32s", *(dict(zip(names, mode, strict=True)) | changes).values())


def connector(
    number: int = 31, connected: bool = True, crtc_mask: int = 0b11, crtc: int = 0, **changes: tuple[Mode, ...]
) -> Connector:
    return Connector(number, "HDMI-A-1", connected, changes.get("modes", (parse(raw()),)), crtc_mask, crtc)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        (abi.Capability, 16),
        (abi.Sequence, 24),
        (abi.Resources, 64),
        (abi.ModeInfo, 68),
        (abi.Connector, 80),
        (abi.Encoder, 20),
        (abi.Crtc, 104),
        (abi.PlaneResources, 16),
        (abi.Plane, 32),
        (abi.ObjectProperties, 32),
        (abi.Property, 64),
        (abi.SetProperty, 24),
        (abi.CreateBlob, 16),
        (abi.CreateDumb, 32),
        (abi.MapDumb, 16),
        (abi.Framebuffer, 104),
        (abi.PageFlip, 24),
        (abi.Atomic, 56),
    ],
)
def test_structs_have_the_size_that_the_kernel_has(kind: type[ctypes.Structure], size: int) -> None:
    assert ctypes.sizeof(kind) == size


def test_calls_have_the_numbers_that_the_kernel_has() -> None:
    assert abi.SET_MASTER == 0x641E
    assert abi.SET_CLIENT_CAP == 0x4010640D
    assert abi.GET_RESOURCES == 0xC04064A0
    assert abi.GET_CONNECTOR == 0xC05064A7
    assert abi.REMOVE_FB == 0xC00464AF
    assert abi.ATOMIC == 0xC03864BC
    assert abi.SET_OBJECT_PROPERTY == 0xC01864BA


def test_a_mode_is_read_with_its_exact_rate() -> None:
    mode = parse(raw())
    assert (mode.width, mode.height, mode.refresh_mhz, mode.preferred) == (1920, 1080, 60_000, True)
    assert str(mode) == "1920x1080 at 60 Hz"
    assert parse(raw(clock=148_352)).refresh_mhz == 59_940
    assert str(parse(raw(clock=148_352, type=0))) == "1920x1080 at 59.94 Hz"


def test_fields_and_repeated_lines_count() -> None:
    assert parse(raw(clock=74_250, flags=abi.MODE_INTERLACED)).refresh_mhz == 60_000
    assert parse(raw(flags=abi.MODE_DOUBLE_SCAN)).refresh_mhz == 30_000
    assert parse(raw(vscan=2)).refresh_mhz == 30_000


@given(st.binary(min_size=68, max_size=68))
def test_no_mode_is_too_odd_to_be_read(data: bytes) -> None:
    mode = parse(data)
    assert mode.refresh_mhz >= 1
    assert mode.raw == data


def test_the_preferred_mode_comes_first() -> None:
    largest, preferred, last = (
        Mode(3840, 2160, 30_000, False, b""),
        Mode(1920, 1080, 60_000, True, b""),
        Mode(640, 480, 60_000, False, b""),
    )
    assert by_preference([largest, preferred, last]) == [preferred, largest, last]
    assert by_preference([largest, last]) == [largest, last]


def test_the_route_leads_to_the_first_screen() -> None:
    dark, blank, screen = connector(31, connected=False), connector(32, modes=()), connector(33, crtc_mask=0b10)
    planes = [Plane(40, True, 0b01), Plane(41, False, 0b10), Plane(42, True, 0b10)]
    assert choose_route([dark, blank, screen], [50, 51], planes) == Route(screen, 51, 42, (planes[2], planes[1]))
    assert choose_route([dark, blank], [50, 51], planes) is None
    assert choose_route([connector(crtc_mask=0)], [50, 51], planes) is None


def test_the_crtc_that_feeds_the_screen_already_stays() -> None:
    lit = connector(crtc=51)
    assert choose_route([lit], [50, 51], []) == Route(lit, 51, 0)
    assert choose_route([lit], [50, 51], [Plane(40, True, 0b01)]) == Route(lit, 50, 40, (Plane(40, True, 0b01),))


def test_the_route_leads_to_the_screen_that_is_asked_for() -> None:
    left, right = connector(31), Connector(32, "DP-2", True, (parse(raw()),), 0b11, 0)
    assert choose_route([left, right], [50], [], ["DP-2"]) == Route(right, 50, 0)
    assert choose_route([left, right], [50], [], ["DP-3", "DP-2"]) == Route(right, 50, 0)
    assert choose_route([left, right], [50], [], ["DP-3"]) == Route(left, 50, 0)


def test_layers_lie_as_the_driver_says_and_cursors_are_none() -> None:
    planes = [Plane(40, True, 1, zpos=1), Plane(41, False, 1, zpos=0), Plane(42, False, 1, cursor=True, zpos=2)]
    route = choose_route([connector()], [50], planes)
    assert route is not None
    assert (route.plane, route.layers) == (40, (planes[1], planes[0]))


def event(kind: int, *, seconds: int = 3, micros: int = 250_001, sequence: int = 180, crtc: int = 50) -> bytes:
    return struct.pack("<IIQIIII", kind, 32, 0, seconds, micros, sequence, crtc)


def test_flips_are_found_among_other_events() -> None:
    other = struct.pack("<II", 0x80000000, 12) + bytes(4)
    data = event(1) + other + event(2) + event(2, seconds=4, sequence=240)
    assert events.flips(data) == [(3_250_001_000, 180, 50), (4_250_001_000, 240, 50)]
    assert events.flips(event(2)[:-1]) == []


@given(st.binary(max_size=200) | st.lists(st.binary(max_size=40)).map(lambda rest: event(2).join(rest)))
def test_no_bytes_are_too_odd_to_be_looked_through(data: bytes) -> None:
    assert len(events.flips(data)) <= len(data) // 8


def test_what_can_not_be_a_screen_says_why(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"can't be opened .No such file"):
        Card(tmp_path / "card0")
    (tmp_path / "card1").touch()
    with pytest.raises(BackendUnavailable, match="drives no screens"):
        Card(tmp_path / "card1")
