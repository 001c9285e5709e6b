"""Proof that a codec can be decoded here: two built-in frames are decoded and their pictures compared.

They are 256x256, as devices refuse smaller ones: four vertical bars with luma ``BARS``, then, predicted from those, the
same with another last one (``NEXT``), made by libvpx, libx264, SVT-AV1 and libx265. A decoder must give the picture as
soon as it has the frame: one that keeps a picture back would show a slide only when the next one comes.
"""

import base64
import os
import platform
from dataclasses import dataclass

import av

from receiver.decode.api import Backend, DecodeError, DecoderFailed
from receiver.decode.backends import SOFTWARE, VIDEO, Wishes, candidates
from receiver.decode.rank import too_weak
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from receiver.prime import in_memory
from receiver.threads import NamedThread

SIDE = 256
BARS = (40, 80, 120, 160)
NEXT = (40, 80, 120, 176)
PATIENCE_S = 4.0
"""For a device to open and decode two frames, which takes some tenths of a second; a start must not wait for ever."""
TOLERANCE = 8
"""Luma steps by which a right decoder may differ: the frames are lossy."""

PROOFS: dict[Codec, tuple[bytes, bytes]] = {
    "VP8": (
        base64.b64decode(
            "UBEAnQEqAAEAATkdAAkcJAwsLEQsJEBkAAAxQJNjRPaAk2NGHT/rghTf6a39bqodwXUaGDsbMJ3Zs6DjSzgQAmzoONLOBACbOg40"
            "s4EAJs6DjSzgQAmzoONLOBACbOg40s4EAJs6DjSzgQAmzoONLOBACbOg40s4EAJs6DjSzgQAmzoONLOBACbOg40s4EAJs6CoAP75"
            "+sPbSe6327/OAA=="
        ),
        base64.b64decode(
            "UQoA5CofvIwnrxBPT66PL+BrICF+d0d0F8A8pURPAfgFL9gWMCN3Ife7uoKB26goGkk/3hv7GFOKXLsAbUkHnwjY4JuK/xLCbkPh"
            "Tily7AG1JB5SgP7beoWXrWsYQgvWtYFrWBa1gWtYFrWBa1gWtYFrWBa1gWtYFrWBa1gWqgA="
        ),
    ),
    "H264": (
        base64.b64decode(
            "AAAAAWdCwA3aBAIaEAAAAwAQAAADA8jxQqoAAAABaM4CHIAAAAABZYiEr//8PRQACvk5OT8P/8PRQPk5OT8P/8PRQPk5OT8P/8PR"
            "QPk5OTrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
            "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
            "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrw="
        ),
        base64.b64decode(
            "AAAAAUGaIoabD//D0UAPxPifE8afz+fz8afz+fz8afz+fz8afz+fz8afz+fz8afz+fz8afz+fz8afz+fz8afz+fz8afz+fz8afz+"
            "fz8afz+fz8afz+fz8afz+fz8afz+fz+A"
        ),
    ),
    "VP9": (
        base64.b64decode("gkmDQgAP8A/2ADgkHBiMAABwYfY6+kAAAGb49OMfgIC6boyl0qzmeFseGhgjN4A="),
        base64.b64decode("hgBAkpwAVAAAB2HxPygAAABZ4FpdUApY4L4L3tKqSEtURgA="),
    ),
    "AV1": (
        base64.b64decode(
            "EgAKCwAAAAO///jV8wCAMjYQAIhgBhggggAAEACtN1Tha9cN2ahig/SSrQPnRgIihm5lfVMNXHZ2mgreaiCuJykB4+zr3cA="
        ),
        base64.b64decode("EgAyGzACAAklbTpQAAAAgAACALslz+QYneRTwVFOEA=="),
    ),
    "H265": (
        base64.b64decode(
            "AAAAAUABDAH//wFgAAADAJAAAAMAAAMAPLoCQAAAAAFCAQEBYAAAAwCQAAADAAADADygCAgEBZbqSRtrmgIAAAMAAgAAAwA8EAAA"
            "AAFEAcFxsRIAAAABKAGveOuKv/2RDH42vl2PkNwG5nHC0WXHR/aVDoL5T3QSxtcQLdNhMk52fNDri9qD2yI="
        ),
        base64.b64decode("AAAAAQIB0Al+EMkw6+axV0cnwMDD6E9G0PCAyujBlXv+OgmPqZQEehdNcQMue0bDnQ=="),
    ),
}
"""By codec a keyframe, and a frame that is predicted from it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of decoding the built-in frame. ``backend``: its name; ``title``: the same for a person;
    ``reason``: a sentence for a person, good or bad."""

    codec: Codec
    backend: str
    title: str
    hardware: bool
    ok: bool
    reason: str


def prove_all(wishes: Wishes | None = None, hardware: bool = True) -> list[Proof]:
    """Prove every candidate of every codec, best first, but those that this CPU is too slow for.

    A few milliseconds each; a device may take some tenths of a second to open.
    """
    proofs: list[Proof] = []
    silent: dict[str, str] = {}
    for codec in VIDEO:
        weak = too_weak(codec, os.cpu_count() or 1, platform.machine())
        for backend in candidates(codec, wishes or {}, hardware):
            if against := silent.get(backend.name, "") if backend.hardware else weak:
                proofs.append(_refusal(codec, backend, against))
            elif backend.hardware:
                proofs.append(_prove_in_time(codec, backend, silent))
            else:
                proofs.append(prove(codec, backend))
    return proofs


def _prove_in_time(codec: Codec, backend: Backend, silent: dict[str, str]) -> Proof:
    """As ``prove``, for a driver that may hang: then its thread is left behind, and the reason goes into ``silent``."""
    found: list[Proof] = []
    thread = NamedThread("proof", lambda: found.append(prove(codec, backend)))
    thread.start()
    thread.join(PATIENCE_S)
    if found:
        return found[0]
    silent[backend.name] = f"{backend.title} has not answered for {PATIENCE_S:.0f} s; {_remedy(backend)}"
    return _refusal(codec, backend, silent[backend.name])


def _refusal(codec: Codec, backend: Backend, reason: str) -> Proof:
    return Proof(codec, backend.name, backend.title, backend.hardware, False, reason)


def prove(codec: Codec, backend: Backend = SOFTWARE) -> Proof:
    """Open a decoder for ``codec`` and decode its built-in frames."""

    try:
        decoder = backend.open(codec)
    except BackendUnavailable as error:
        return _refusal(codec, backend, str(error))
    try:
        fault = _fault(decoder.decode(proof_frame(codec)), BARS) or _fault(decoder.decode(_next_frame(codec)), NEXT)
    except (DecodeError, DecoderFailed, OSError) as error:
        if backend.hardware:
            reason = f"the device of {backend.title} does not decode {codec}, or its driver fails at it ({error})"
            return _refusal(codec, backend, reason)
        fault = str(error)
    finally:
        decoder.close()
    if fault:
        return _refusal(codec, backend, f"{codec} by {backend.title}: {fault}; {_remedy(backend)}")
    reason = f"{codec} decodes with {decoder.name}, FFmpeg {av.ffmpeg_version_info}"
    return Proof(codec, backend.name, backend.title, backend.hardware, True, reason)


def _remedy(backend: Backend) -> str:
    return "update its driver, or set decode.hardware to false" if backend.hardware else "reinstall PyAV or FFmpeg"


def proof_frame(codec: Codec, timestamp: int = 0) -> EncodedFrame:
    """The built-in keyframe as it would come from an intake."""
    return EncodedFrame(0, "video", codec, timestamp, PROOFS[codec][0], True, False, 0, 0)


def _next_frame(codec: Codec) -> EncodedFrame:
    return EncodedFrame(0, "video", codec, 3000, PROOFS[codec][1], False, False, 0, 0)


def _fault(pictures: list[Picture], wanted: tuple[int, ...]) -> str:
    """Why these are not the one picture with such bars; empty when they are."""
    if not pictures:
        return "it keeps the built-in frame's picture back, which would delay a cast"
    if len(pictures) != 1:
        return f"the built-in frame gave {len(pictures)} pictures in place of one"
    picture = pictures[0]
    if (picture.width, picture.height) != (SIDE, SIDE):
        return f"the built-in frame came out as {picture.width}x{picture.height} in place of {SIDE}x{SIDE}"
    plane = in_memory(picture.frame).planes[0]
    row = memoryview(plane)[plane.line_size * (SIDE // 2) :]
    found = tuple(row[SIDE // 8 + SIDE // 4 * bar] for bar in range(4))
    if any(abs(a - b) > TOLERANCE for a, b in zip(found, wanted, strict=True)):
        which = "the built-in frame" if wanted == BARS else "the frame that is predicted from it"
        return f"{which} came out with luma {found} in place of {wanted}"
    return ""
