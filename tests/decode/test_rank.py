"""Which decoder, and which codec first."""

from dataclasses import dataclass

from receiver.decode.rank import best, order


@dataclass(frozen=True)
class Proof:
    codec: str
    hardware: bool
    ok: bool = True


def test_hardware_goes_before_software_and_failures_do_not_count():
    soft, hard, broken = Proof("H264", False), Proof("H264", True), Proof("VP9", True, ok=False)
    assert best([soft, hard, broken]) == {"H264": hard}
    assert best([hard, soft]) == {"H264": hard}
    assert best([broken]) == {}


def test_what_hardware_decodes_is_offered_first():
    assert order([Proof("VP8", False), Proof("H264", False)]) == ("VP8", "H264")
    assert order([Proof("VP8", False), Proof("H264", False), Proof("H264", True)]) == ("H264", "VP8")
    assert order([]) == ()
