"""Which decoder, and which codec first."""

from dataclasses import dataclass

import pytest

from receiver.decode.rank import best, order, too_weak
from receiver.media import Codec


@dataclass(frozen=True)
class Proof:
    codec: Codec
    hardware: bool
    ok: bool = True


def test_the_first_that_was_proven_is_used() -> None:
    soft, hard, broken = Proof("H264", False), Proof("H264", True), Proof("H264", True, ok=False)
    assert best([broken, hard, soft]) == {"H264": hard}
    assert best([soft, hard]) == {"H264": soft}, "a board may put the CPU first"
    assert best([broken]) == {}


def test_what_hardware_decodes_is_offered_first() -> None:
    assert order([Proof("VP8", False), Proof("H264", False)]) == ("VP8", "H264")
    assert order([Proof("VP8", False), Proof("H264", True), Proof("H264", False)]) == ("H264", "VP8")
    assert order([]) == ()


def test_the_cpu_is_given_what_costs_it_least() -> None:
    assert order([Proof(codec, False) for codec in ("AV1", "VP9", "H265", "H264", "VP8")])[:3] == ("VP8", "H264", "VP9")


@pytest.mark.parametrize(
    ("codec", "cores", "machine", "weak"),
    [
        ("AV1", 2, "armv7l", True),
        ("H265", 1, "x86_64", True),
        ("AV1", 2, "x86_64", False),
        ("AV1", 4, "aarch64", False),
        ("VP9", 1, "armv7l", False),
    ],
)
def test_a_weak_cpu_is_not_given_av1(codec: Codec, cores: int, machine: str, weak: bool) -> None:
    assert bool(too_weak(codec, cores, machine)) == weak
