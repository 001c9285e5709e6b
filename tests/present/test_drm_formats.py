"""How pictures lie in a card's memory, which mode is taken, and what the kernel says of plugs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.present.drm.formats import TAKEN_AS, XRGB, YUV, Format, even, rows, spans
from receiver.present.drm.modes import Mode, Wanted, by_preference, wanted
from receiver.present.drm.uevent import Hotplug, hotplug

RAW = bytes(68)


def mode(refresh_mhz: int, width: int = 1920, preferred: bool = False) -> Mode:
    return Mode(width, 1080, refresh_mhz, preferred, RAW)


@given(st.sampled_from([XRGB, *YUV.values()]), st.integers(1, 4096), st.integers(1, 4096), st.integers(0, 255))
def test_parts_follow_one_another_and_fill_the_memory(kind: Format, width: int, height: int, spare: int) -> None:
    width, height = even((width, height))
    pitch = (width * kind.parts[0].bytes + spare) // 8 * 8 + 8
    found = spans(kind, (width, height), pitch)
    end = 0
    for span in found:
        assert span.offset == end
        assert span.width <= span.pitch
        end += span.pitch * span.rows
    assert end <= rows(kind, height) * pitch


def test_whole_pictures_have_the_size_that_they_should() -> None:
    assert rows(YUV["nv12"], 1080) == rows(YUV["yuv420p"], 1080) == rows(YUV["p010le"], 1080) == 1620
    assert rows(YUV["yuv444p"], 1080) == 3240
    assert [tuple(span) for span in spans(YUV["nv12"], (4, 2), 64)] == [(0, 64, 2, 4), (128, 64, 1, 4)]
    assert all(name in YUV for names in TAKEN_AS.values() for name in names)


@pytest.mark.parametrize(
    ("text", "found"),
    [("1920x1080", Wanted(1920, 1080)), ("1280x720@59.94", Wanted(1280, 720, 59_940))],
)
def test_a_mode_is_asked_for(text: str, found: Wanted) -> None:
    assert wanted(text) == found


@given(st.text(max_size=30))
def test_no_other_text_is_a_mode(text: str) -> None:
    try:
        found = wanted(text)
    except ValueError:
        return
    assert f"{found.width}x{found.height}" in text


def test_what_is_no_mode_is_told_how_to_write_it() -> None:
    with pytest.raises(ValueError, match="'1080p' is no mode; write it as 1920x1080"):
        wanted("1080p")


def test_the_mode_asked_for_comes_before_the_preferred_one() -> None:
    preferred, fast, small = mode(60_000, preferred=True), mode(119_880), mode(60_000, 1280)
    assert by_preference([preferred, fast, small], Wanted(1280, 1080))[0] is small
    assert by_preference([preferred, fast, small], Wanted(1920, 1080, 120_000))[0] is fast
    assert by_preference([small, preferred, fast], Wanted(3840, 2160))[0] is preferred, "where there is no such mode"


PLUG = b"change@/devices/pci0000:00/drm/card0\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1\0SEQNUM=2134\0"


def test_a_plug_is_told_from_other_events() -> None:
    assert hotplug(PLUG)
    assert not hotplug(PLUG.replace(b"HOTPLUG=1", b"LEASE=1"))
    assert not hotplug(PLUG.replace(b"=drm", b"=usb"))


@given(st.binary(max_size=300))
def test_no_bytes_are_too_odd_to_be_a_uevent(data: bytes) -> None:
    assert hotplug(data) in (True, False)


def test_plugs_are_seen_in_sysfs_too(tmp_path: Path) -> None:
    status = tmp_path / "card9-HDMI-A-1" / "status"
    status.parent.mkdir()
    status.write_text("connected\n")
    plugs = Hotplug(tmp_path / "card9", tmp_path)
    assert not plugs.changed()
    status.write_text("disconnected\n")
    assert plugs.changed()
    assert not plugs.changed()
    plugs.close()


def test_odd_sizes_are_padded() -> None:
    assert even((641, 359)) == (642, 360)
    assert np.prod(even((2, 2))) == 4
