"""Decoders and sound: the judgements, and the real probes of this machine."""

from receiver import board
from receiver.decode.probe import Proof
from receiver.doctor import media
from receiver.sound.mixer import Control, Mixer, look

GOOD = Proof("VP8", "software", "the CPU", False, True, "VP8 decodes with vp8")
BAD = Proof("H264", "software", "the CPU", False, False, "this FFmpeg has no h264")
NO_GPU = Proof("H264", "cuda", "NVDEC", True, False, "this machine has no NVIDIA GPU; buy one")
GPU = Proof("VP8", "cuda", "NVDEC", True, True, "VP8 decodes with NVDEC")


def test_one_decoder_is_enough() -> None:
    good, bad = media.decoders([GOOD, NO_GPU, BAD])
    assert (good.state, bad.state, bad.needed) == ("ok", "missing", False)
    assert bad.reason == "This FFmpeg has no h264."
    assert bad.remedy


def test_none_is_not() -> None:
    assert [finding.needed for finding in media.decoders([BAD])] == [True]


def test_the_best_one_is_named() -> None:
    assert [finding.reason for finding in media.decoders([GPU, GOOD])] == ["VP8 decodes with NVDEC."]


def test_a_device_says_what_it_decodes_or_why_not_and_what_helps() -> None:
    (works,) = media.devices([GPU, NO_GPU, GOOD])
    assert (works.subject, works.state, works.reason) == ("NVDEC", "ok", "Decodes VP8.")
    (absent,) = media.devices([NO_GPU, GOOD])
    assert (absent.state, absent.reason, absent.remedy) == ("off", "This machine has no NVIDIA GPU.", "Buy one.")
    assert [finding.state for finding in media.devices([GOOD])] == ["off"]


def test_sound_is_judged() -> None:
    assert media.judge_sound("auto", [], "").state == "missing"
    refused = media.judge_sound("HDMI", ["Speakers"], "Invalid device")
    assert (refused.state, refused.remedy) == ("missing", "Set sound.device to one of: Speakers.")
    assert media.judge_sound("auto", ["Speakers"], "").state == "ok"
    assert media.sound("null").state == "off"


def test_a_card_that_is_turned_down_is_no_sound() -> None:
    def card(**silent: bool) -> Mixer:
        return Mixer("HDA Intel", tuple(Control(name.replace("_", " "), off) for name, off in silent.items()))

    for muted, shut in (
        (card(Master=True, PCM=False, Speaker=False), ("Master",)),
        (card(Master=True, Line_Out=True, Headphone=False), ("Master",)),
        (card(Master=False, Speaker=True, Headphone=True, Mic=False), ("Speaker", "Headphone")),
        (card(Master=False, PCM=True), ("PCM",)),
    ):
        assert muted.shut == shut
        finding = media.judge_sound("auto", ["Speakers"], "", muted)
        assert (finding.state, finding.needed) == ("missing", False)
        assert f"its card HDA Intel is turned down at {', '.join(shut)}." in finding.reason
        assert "alsamixer" in finding.remedy
    for heard in (card(Master=False, Speaker=True, Headphone=False), card(Mic=True), card()):
        assert heard.shut == ()
        assert media.judge_sound("auto", ["Speakers"], "", heard).state == "ok"
    assert look("no such device") is None


def test_this_machine_gives_an_answer_to_each() -> None:
    findings = list(media.checks("auto", hardware=True))
    codecs = {"VP8", "H264", "VP9", "AV1", "H265"}
    assert codecs | {"VA-API", "Sound"} <= {finding.subject for finding in findings}
    assert all(finding.state == "ok" for finding in findings if finding.subject in codecs)
    assert all(finding.reason.endswith(".") for finding in findings)


def test_a_board_that_does_not_do_what_its_profile_says() -> None:
    pi, pc = (next(one for one in board.load() if one.id == name) for name in ("raspberry-pi-4", "x86-64"))
    proofs = [Proof("H264", "v4l2m2m", "", True, False, "no device"), Proof("H264", "software", "", False, True, "")]
    (finding,) = media.profile(pi, proofs)
    assert finding.reason == "H264: v4l2m2m does not work here (no device), software does."
    assert list(media.profile(pc, proofs)) == []
