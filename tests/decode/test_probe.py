"""Proof by decoding."""

import pytest

from receiver.decode import probe
from receiver.decode.ffmpeg import FfmpegDecoder
from receiver.errors import BackendUnavailable


def test_every_software_decoder_is_proven_here():
    proofs = {proof.codec: proof for proof in probe.prove_all()}
    assert set(proofs) == {"VP8", "H264"}
    for codec, proof in proofs.items():
        assert proof.ok, proof.reason
        assert not proof.hardware
        assert proof.reason.startswith(f"{codec} decodes in software")


def test_the_built_in_frames_are_small():
    assert all(len(data) < 1024 for data in probe.PROOFS.values())


def test_a_decoder_that_lies_is_found_out(monkeypatch):
    monkeypatch.setattr(probe, "BARS", (160, 120, 80, 40))
    assert not probe.prove("VP8").ok
    assert "luma" in probe.prove("VP8").reason


def test_a_broken_frame_gives_a_reason(monkeypatch):
    monkeypatch.setitem(probe.PROOFS, "VP8", b"\x00\x01\x02")
    proof = probe.prove("VP8")
    assert not proof.ok
    assert "can't be decoded" in proof.reason


def test_a_codec_without_a_software_decoder_says_so():
    with pytest.raises(BackendUnavailable, match="AV1"):
        FfmpegDecoder("AV1")
    assert not probe.prove("AV1").ok
