"""Another decoder goes on where one breaks; the second implementation behind the protocol here breaks on purpose."""

import msgspec
import pytest

from receiver.decode.api import Backend, DecodeError, Decoder, DecoderFailed
from receiver.decode.backends import SOFTWARE
from receiver.decode.decoders import Decoders
from receiver.decode.failover import Failover
from receiver.decode.probe import Proof, proof_frame
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from tests.gpu import streams


class Breaking:
    """Decodes as the CPU does, and breaks at its n-th frame; or refuses keyframes; or does not open."""

    name, title, hardware = "breaking", "a device that breaks", True

    def __init__(self, frames: int = 1000, refuses: bool = False, opens: bool = True, dies: bool = False) -> None:
        self.frames, self.refuses, self.opens, self.dies, self.opened = frames, refuses, opens, dies, 0

    def open(self, codec: Codec) -> Decoder:
        self.opened += 1
        if not self.opens:
            raise BackendUnavailable("this machine has no device that breaks")
        decoder = SOFTWARE.open(codec)
        software = decoder.decode
        decoder.name = "the breaking one"
        seen: list[EncodedFrame] = []

        def decode(frame: EncodedFrame) -> list[Picture]:
            seen.append(frame)
            if len(seen) > self.frames:
                self.opens = not self.dies
                raise DecoderFailed("the breaking one broke: the device is gone")
            if self.refuses and frame.keyframe:
                raise DecodeError("beyond me")
            return software(frame)

        decoder.decode = decode  # type: ignore[method-assign]
        return decoder


def stream(count: int = 12, keyframe_at: int = 6) -> list[EncodedFrame]:
    first = streams.frames("H264", streams.encode("H264", 320, 180, keyframe_at))
    return first + streams.frames("H264", streams.encode("H264", 320, 180, count - keyframe_at), keyframe_at)


def test_after_a_failure_the_next_keyframe_goes_to_the_cpu() -> None:
    told: list[str] = []
    broke: list[tuple[Backend, bool]] = []
    backend = Breaking(3)
    decoder = Failover("H264", [backend, SOFTWARE], told.append, lambda *args: broke.append(args))
    frames = stream()
    for frame in frames[:3]:
        assert len(decoder.decode(frame)) == 1
    assert decoder.name == "the breaking one"
    with pytest.raises(DecodeError, match="goes on at the next keyframe"):
        decoder.decode(frames[3])
    assert broke == [(backend, False)]
    assert told == ["the breaking one broke: the device is gone; h264 (FFmpeg, software) goes on"]
    for frame in frames[6:]:
        assert [picture.timestamp for picture in decoder.decode(frame)] == [frame.timestamp]
    assert decoder.name == "h264 (FFmpeg, software)"
    assert len(told) == 1


def test_a_failure_at_a_keyframe_costs_nothing() -> None:
    told: list[str] = []
    decoder = Failover("H264", [Breaking(6), SOFTWARE], told.append)
    for frame in stream():
        assert len(decoder.decode(frame)) == 1
    assert len(told) == 1


def test_a_keyframe_that_a_device_refuses_is_shown_by_the_cpu() -> None:
    told: list[str] = []
    broke: list[tuple[Backend, bool]] = []
    decoder = Failover("H264", [Breaking(refuses=True), SOFTWARE], told.append, lambda *args: broke.append(args))
    for frame in stream():
        assert len(decoder.decode(frame)) == 1
    assert told == ["the breaking one can't decode this stream (beyond me); h264 (FFmpeg, software) goes on"]
    assert broke == [], "another stream may suit it"


def test_a_damaged_keyframe_is_the_streams_fault() -> None:
    told: list[str] = []
    backend = Breaking()
    decoder = Failover("H264", [backend, SOFTWARE], told.append)
    damaged = msgspec.structs.replace(proof_frame("H264"), data=b"\x00\x00\x01\x65\xff\xff")
    with pytest.raises(DecodeError):
        decoder.decode(damaged)
    assert told == []
    assert len(decoder.decode(proof_frame("H264", 3000))) == 1
    assert decoder.name == "the breaking one"


def test_the_last_one_is_started_again() -> None:
    backend = Breaking(3)
    decoder = Failover("H264", [backend])
    frames = stream()
    for frame in frames[:3]:
        decoder.decode(frame)
    with pytest.raises(DecodeError):
        decoder.decode(frames[3])
    assert len(decoder.decode(frames[6])) == 1
    assert backend.opened == 2


def test_what_does_not_open_is_passed_over_and_nothing_at_all_is_an_error() -> None:
    decoder = Failover("H264", [Breaking(opens=False), SOFTWARE])
    assert decoder.name == "h264 (FFmpeg, software)"
    with pytest.raises(BackendUnavailable, match="no device that breaks"):
        Failover("H264", [Breaking(opens=False)])
    with pytest.raises(BackendUnavailable, match="nothing here decodes VP8"):
        Decoders([]).open("VP8", print)


class TestDecoders:
    backend: Breaking

    def decoders(self, dies: bool = True) -> Decoders:
        self.backend = Breaking(3, dies=dies)
        proofs = [Proof("H264", name, name, False, True, "") for name in ("breaking", "software")]
        return Decoders(proofs, {"breaking": self.backend, "software": SOFTWARE})

    def test_a_backend_that_broke_is_not_tried_again(self) -> None:
        decoders = self.decoders()
        first = decoders.open("H264", lambda reason: None)
        for frame in stream()[:3]:
            first.decode(frame)
        assert decoders.open("H264", lambda reason: None).name == "the breaking one"
        with pytest.raises(DecodeError):
            first.decode(stream()[3])
        assert decoders.open("H264", lambda reason: None).name == "h264 (FFmpeg, software)"

    def test_a_device_that_is_in_order_serves_other_streams(self) -> None:
        """It broke by what a sender sent: that may cost the sender its device, but nobody else."""
        decoders = self.decoders(dies=False)
        first = decoders.open("H264", lambda reason: None)
        for frame in stream()[:3]:
            first.decode(frame)
        with pytest.raises(DecodeError):
            first.decode(stream()[3])
        assert decoders.open("H264", lambda reason: None).name == "the breaking one"
        assert len(first.decode(stream()[6])) == 1
        assert first.name == "h264 (FFmpeg, software)"

    def test_one_that_hangs_is_not_even_proven(self) -> None:
        decoders = self.decoders(dies=False)
        told: list[str] = []
        first = decoders.open("H264", told.append)
        opened = self.backend.opened
        assert first.abandon()
        assert (told, self.backend.opened) == (["the breaking one hangs; the CPU goes on"], opened)
        assert decoders.open("H264", told.append).name == "h264 (FFmpeg, software)"
        assert not decoders.open("H264", told.append).abandon(), "nothing else is left"

    def test_only_what_was_proven_is_used(self) -> None:
        proofs = [Proof("H264", "breaking", "", True, False, "no"), Proof("H264", "software", "", False, True, "")]
        decoders = Decoders(proofs)
        assert decoders.open("H264", lambda reason: None).name == "h264 (FFmpeg, software)"
