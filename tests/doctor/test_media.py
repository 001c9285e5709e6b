"""Decoders and sound: the judgements, and the real probes of this machine."""

from receiver.decode.probe import Proof
from receiver.doctor import media

GOOD = Proof("VP8", "vp8", False, True, "VP8 decodes in software")
BAD = Proof("H264", "h264", False, False, "H264: no such decoder")


def test_one_decoder_is_enough() -> None:
    good, bad = media.decoders([GOOD, BAD])
    assert (good.state, bad.state, bad.needed) == ("ok", "missing", False)
    assert bad.remedy


def test_none_is_not() -> None:
    assert [finding.needed for finding in media.decoders([BAD])] == [True]


def test_hardware_says_why_not() -> None:
    assert media.hardware({"cuda": "no such device or driver", "vaapi": ""}).reason == "A device for vaapi answers."
    assert "(cuda: no such device or driver)" in media.hardware({"cuda": "no such device or driver"}).reason
    assert media.hardware({}).state == "off"


def test_sound_is_judged() -> None:
    assert media.judge_sound("auto", [], "").state == "missing"
    refused = media.judge_sound("HDMI", ["Speakers"], "Invalid device")
    assert (refused.state, refused.remedy) == ("missing", "Set sound.device to one of: Speakers.")
    assert media.judge_sound("auto", ["Speakers"], "").state == "ok"
    assert media.sound("null").state == "off"


def test_this_machine_gives_an_answer_to_each() -> None:
    findings = list(media.checks("auto"))
    assert {"VP8", "H264", "Hardware", "Sound"} == {finding.subject for finding in findings}
    assert all(finding.reason.endswith(".") for finding in findings)
