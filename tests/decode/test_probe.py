"""Proof by decoding."""

import os
import threading

import pytest

from receiver import board
from receiver.decode import probe
from receiver.decode.api import DecodeError, Decoder, DecoderFailed
from receiver.decode.backends import BACKENDS, SOFTWARE, VIDEO, Wishes, candidates
from receiver.decode.rank import best
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture


def test_every_software_decoder_is_proven_here() -> None:
    proofs = probe.prove_all(hardware=False)
    assert [proof.codec for proof in proofs] == list(VIDEO)
    for proof in proofs:
        assert proof.ok, proof.reason
        assert not proof.hardware
        assert "software" in proof.reason


def test_each_candidate_that_fails_says_why_in_words() -> None:
    proofs = probe.prove_all()
    assert {(proof.codec, proof.backend) for proof in proofs} == {(c, b) for c in VIDEO for b in BACKENDS}
    assert set(best(proofs)) == set(VIDEO)
    for proof in proofs:
        assert proof.ok or len(proof.reason.split()) > 5


def test_the_board_says_what_to_try_and_in_which_order() -> None:
    wishes: Wishes = {"H264": ["v4l2m2m", "software", "unknown"], "AV1": []}
    assert [backend.name for backend in candidates("H264", wishes, True)] == ["v4l2m2m", "software"]
    assert [backend.name for backend in candidates("H264", wishes, False)] == ["software"]
    assert candidates("AV1", wishes, True) == []
    assert [backend.name for backend in candidates("VP8", wishes, True)] == list(BACKENDS)


def test_the_built_in_frames_are_small() -> None:
    assert all(sum(map(len, frames)) < 1024 for frames in probe.PROOFS.values())


def test_a_decoder_that_lies_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "BARS", (160, 120, 80, 40))
    assert not probe.prove("VP8").ok
    assert "luma" in probe.prove("VP8").reason


def test_a_broken_frame_gives_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(probe.PROOFS, "VP8", (b"\x00\x01\x02", b""))
    proof = probe.prove("VP8")
    assert not proof.ok
    assert "can't be decoded" in proof.reason


class Lacking:
    """A device without this codec: its decoder opens, and refuses what it is given."""

    name, title, hardware = "lacking", "Such", True

    def open(self, codec: Codec) -> Decoder:
        decoder = SOFTWARE.open(codec)

        def decode(frame: EncodedFrame) -> list[Picture]:
            raise DecoderFailed("such broke: Invalid argument")

        decoder.decode = decode  # type: ignore[method-assign]
        return decoder


def test_a_codec_that_a_device_lacks_is_no_reason_to_mend_it() -> None:
    proof = probe.prove("VP8", Lacking())
    assert not proof.ok
    assert proof.reason == (
        "the device of Such does not decode VP8, or its driver fails at it (such broke: Invalid argument)"
    )


class Late:
    """A backend behind the same protocol that keeps one picture back, as a decoder with frame threads does."""

    name, title, hardware = "late", "a late one", True

    def open(self, codec: Codec) -> Decoder:
        decoder = SOFTWARE.open(codec)
        software = decoder.decode
        kept: list[Picture] = []

        def decode(frame: EncodedFrame) -> list[Picture]:
            kept.extend(software(frame))
            return [kept.pop(0)] if len(kept) > 1 else []

        decoder.decode = decode  # type: ignore[method-assign]
        return decoder


def test_a_decoder_that_keeps_a_picture_back_is_not_used() -> None:
    proof = probe.prove("H264", Late())
    assert not proof.ok
    assert "keeps the built-in frame's picture back" in proof.reason


def test_a_codec_without_a_software_decoder_says_so() -> None:
    with pytest.raises(BackendUnavailable, match="opus"):
        SOFTWARE.open("opus")


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(DecodeError, match="empty"):
        SOFTWARE.open("AV1").decode(EncodedFrame(0, "video", "AV1", 0, b"", True, False, 0, 0))


def test_a_weak_cpu_offers_no_av1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert set(best(probe.prove_all(hardware=False))) == {"VP8", "H264", "VP9"}
    assert "too slow for AV1" in next(one.reason for one in probe.prove_all(hardware=False) if one.codec == "AV1")


def test_boards_may_name_each_backend() -> None:
    assert set(board.BACKENDS) == set(BACKENDS)


class Silent:
    """A driver that never comes back."""

    name, title, hardware, asked = "vaapi", "a silent one", True, 0

    def open(self, codec: Codec) -> Decoder:
        self.asked += 1
        threading.Event().wait()
        raise AssertionError


def test_a_driver_that_hangs_does_not_hold_the_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PATIENCE_S", 0.2)
    silent = Silent()
    monkeypatch.setitem(BACKENDS, "vaapi", silent)
    proofs = probe.prove_all({codec: ["vaapi", "software"] for codec in VIDEO})
    assert set(best(proofs)) == set(VIDEO)
    assert all("has not answered" in proof.reason for proof in proofs if proof.backend == "vaapi")
    assert silent.asked == 1
