"""Profiles are checked as configuration is, boards are recognised from text, and the probe overrules a profile."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import board
from receiver.errors import ConfigError
from receiver.media import Codec

PI_4 = b"raspberrypi,4-model-b\0brcm,bcm2711\0"
PI_5 = b"raspberrypi,5-model-b\0brcm,bcm2712\0"
ROCK = b"radxa,rock-5b\0rockchip,rk3588\0"


@dataclass(frozen=True)
class Proof:
    codec: Codec
    backend: str
    ok: bool
    reason: str = ""


@pytest.mark.parametrize(
    ("tree", "vendor", "product", "machine", "found"),
    [
        (PI_4, "", "", "aarch64", "raspberry-pi-4"),
        (PI_5, "", "", "aarch64", "raspberry-pi-5"),
        (b"raspberrypi,400\0brcm,bcm2711\0", "", "", "aarch64", "raspberry-pi-4"),
        (
            b"raspberrypi,6-model-b\0brcm,bcm2712\0",
            "",
            "",
            "aarch64",
            "raspberry-pi-5",
        ),  # known by its SoC
        (ROCK, "", "", "aarch64", "arm64"),
        (b"", "Intel(R) Client Systems\n", "NUC11TNKi5\n", "x86_64", "x86-64"),
        (b"", "QEMU\n", "Standard PC (i440FX + PIIX, 1996)\n", "x86_64", "qemu"),
        (b"\xff\xfe\0\0", "", "", "riscv64", None),
    ],
)
def test_a_board_is_recognised(tree: bytes, vendor: str, product: str, machine: str, found: str | None) -> None:
    profile = board.detect(board.load(), board.signs(tree, vendor, product, machine))
    assert (profile.id if profile else None) == found


def test_the_most_specific_name_wins_over_the_order_of_profiles() -> None:
    general = board.parse('[board]\nname = "Any"\n[match]\ncompatible = ["soc"]', "a", "a")
    special = board.parse('[board]\nname = "One"\n[match]\ncompatible = ["one"]', "b", "b")
    assert board.detect([general, special], board.signs(b"one\0soc\0", "", "", "")) is special


def test_a_raspberry_pi_5_has_no_h264_block() -> None:
    ways = next(profile for profile in board.load() if profile.id == "raspberry-pi-5").ways()
    assert ways["H264"] == ("software",)
    assert ways["H265"][0] == "v4l2request"


def test_every_profile_ends_in_software_where_nothing_else_works() -> None:
    for profile in board.load():
        assert all(ways[-1] == "software" for ways in profile.ways().values()), profile.id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bord]", "p.toml, line 1: there is no section [bord]; the nearest is [board]"),
        ("[decode]\nH246 = []", "p.toml, line 2: there is no key decode.H246; the nearest is decode.H264"),
        (
            '[decode]\nH264 = ["magic"]',
            "p.toml, line 2: decode.H264 must be a list of some of cuda, vaapi, v4l2request, v4l2stateless, v4l2m2m, "
            'qsv, software, each once and best first, not ["magic"]',
        ),
        ("[match]\ndmi = [3]", "p.toml, line 2: match.dmi must be a list of texts, not [3]"),
        ('[match]\ndmi = ["x"]', "p.toml: board.name must be 1 to 63 bytes of UTF-8 text"),
        ('[board]\nname = "X"', "p.toml: [match] must have compatible, dmi or machine"),
        ("[board", "p.toml is not valid TOML: "),
    ],
)
def test_errors_name_file_line_key_and_bound(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        board.parse(text, "p.toml", "p")
    assert str(caught.value).startswith(message)


def test_the_probe_overrules_a_profile_that_lies() -> None:
    ways: dict[Codec, tuple[str, ...]] = {"H264": ("v4l2m2m", "software"), "VP8": ("software",)}
    proofs = [
        Proof("H264", "v4l2m2m", False, "no device"),
        Proof("H264", "software", True),
        Proof("VP8", "software", True),
    ]
    assert board.overruled(ways, proofs) == ["H264: v4l2m2m does not work here (no device), software does"]
    assert board.overruled(ways, [Proof("H264", "v4l2m2m", True), Proof("H264", "software", True)]) == []


def test_this_machine_is_read_from_a_root(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/compatible").write_bytes(PI_4)
    profile = board.this(tmp_path)
    assert profile is not None
    assert profile.id == "raspberry-pi-4"


@given(st.binary(max_size=200), st.text(max_size=40), st.text(max_size=40), st.text(max_size=10))
def test_any_bytes_are_some_board_or_none(tree: bytes, vendor: str, product: str, machine: str) -> None:
    board.detect(PROFILES, board.signs(tree, vendor, product, machine))


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        board.parse(text, "p.toml", "p")


PROFILES = board.load()
