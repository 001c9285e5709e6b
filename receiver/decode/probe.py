"""Proof that a codec can be decoded here: a built-in keyframe is decoded and its picture compared.

The frames are 64x64, four vertical bars with luma ``BARS``; libvpx and libx264 made them.
"""

import base64
from dataclasses import dataclass

import av

from receiver.decode.api import DecodeError, Decoder
from receiver.decode.ffmpeg import DECODERS, FfmpegDecoder
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture

SIDE = 64
BARS = (40, 80, 120, 160)
TOLERANCE = 8
"""Luma steps by which a right decoder may differ: the frames are lossy."""

PROOFS: dict[Codec, bytes] = {
    "VP8": base64.b64decode(
        "0AQAnQEqQABAAABHCIWFiJmEiAICGWC+Af0BzgnYH9ARoAfwBBeXJt0mbpM3SZqA/v9VYf//4rf8Vv+K3/8Vv//++gHvQD3oB/i8"
        "n+UKZhl5UulEkElQ2Avd5AXuTyA="
    ),
    "H264": base64.b64decode(
        "AAAAAWdCwAraEJoQAAADABAAAAMDyPEiagAAAAFozg/IAAAAAWWIhDoRigACMfHAAED2OAAIFkmKAAIUUmKAAIUUmKAAIUVdddddddddddeA"
    ),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of decoding the built-in frame: ``reason`` is a sentence for a person, good or bad."""

    codec: Codec
    backend: str
    hardware: bool
    ok: bool
    reason: str


def prove_all() -> list[Proof]:
    """Prove every software decoder there is. A few milliseconds each."""
    return [prove(codec) for codec in DECODERS]


def prove(codec: Codec) -> Proof:
    """Open the software decoder for ``codec`` and decode its built-in frame."""
    try:
        decoder: Decoder = FfmpegDecoder(codec)
    except BackendUnavailable as error:
        return Proof(codec, "FFmpeg, software", False, False, str(error))
    try:
        pictures = decoder.decode(proof_frame(codec))
        fault = _fault(pictures)
    except DecodeError as error:
        fault = str(error)
    finally:
        decoder.close()
    if fault:
        return Proof(codec, decoder.name, False, False, f"{codec}: {fault}; reinstall PyAV or FFmpeg")
    version = av.ffmpeg_version_info
    return Proof(codec, decoder.name, False, True, f"{codec} decodes in software with FFmpeg {version}")


def proof_frame(codec: Codec) -> EncodedFrame:
    """The built-in keyframe as it would come from an intake."""
    return EncodedFrame(0, "video", codec, 0, PROOFS[codec], True, False, 0, 0)


def _fault(pictures: list[Picture]) -> str:
    """Why these are not the built-in picture; empty when they are."""
    if len(pictures) != 1:
        return f"the built-in frame gave {len(pictures)} pictures in place of one"
    picture = pictures[0]
    if (picture.width, picture.height) != (SIDE, SIDE):
        return f"the built-in frame came out as {picture.width}x{picture.height} in place of {SIDE}x{SIDE}"
    plane = picture.frame.planes[0]
    row = memoryview(plane)[plane.line_size * (SIDE // 2) :]
    found = tuple(row[SIDE // 8 + SIDE // 4 * bar] for bar in range(4))
    if any(abs(a - b) > TOLERANCE for a, b in zip(found, BARS, strict=True)):
        return f"the built-in frame came out with luma {found} in place of {BARS}"
    return ""
