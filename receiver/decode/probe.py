"""Proof that a codec can be decoded here: a built-in keyframe is decoded and its picture compared.

The frames are 256x256, as devices refuse smaller ones: four vertical bars with luma ``BARS``, made by libvpx, libx264,
SVT-AV1 and libx265. A decoder must give the picture as soon as it has the frame: one that keeps a picture back would
show a slide only when the next one comes.
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
PATIENCE_S = 4.0
"""For a device to open and decode two frames, which takes some tenths of a second; a start must not wait for ever."""
TOLERANCE = 8
"""Luma steps by which a right decoder may differ: the frames are lossy."""

PROOFS: dict[Codec, bytes] = {
    "VP8": base64.b64decode(
        "sBAAnQEqAAEAAQBHCIWFiIWEiAICAAYoDwgxPgKk3apN357CNHFqcK99+5AX5fs4aqnCv2cRL3EO15C18neI570kl+Y/Q1VOFfs4iXuIdr"
        "yFr5O8Rz3pJL8x+hqqcK/ZxEvcQ7XkLXyd4jnvSSX5j9DVU4V+ziJe4h2vIWvk7xHPekkvzH6Gqpwr9nES9ED+/1VbPylkeTfv5ugA"
    ),
    "H264": base64.b64decode(
        "AAAAAWdCwBWmEQQCGhAAAAMAEAAAAwPI8WLhGAAAAAFoyEIyyAAAAAFliIICXkxQABajvvvvFAAEvK+++8UAAS8r777xQABLyvvvrrrrrr"
        "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
        "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
        "rrrrrrrrrrrrrrrrrrrrrrwA=="
    ),
    "VP9": base64.b64decode("gkmDQgAP8A/2ADgkHBg+AABwYfY6+kAAAGcY456R5ukTiVY2CGBNLSUbHkRD/fcAAA=="),
    "AV1": base64.b64decode(
        "EgAKCwAAAAO///jV8wCAMjUQAIWgAAAAAAEAACjSke6CmiPYymk6RGWz6INvYX5GQLGN+aLhDCQwXhsSbiSu6TXbeOkiSA=="
    ),
    "H265": base64.b64decode(
        "AAAAAUABDAH//wFgAAADAJAAAAMAAAMAPJKAkAAAAAFCAQEBYAAAAwCQAAADAAADADygCAgEBZZKkkyuaAgAAAMACAAAAwDwQAAAAAFEAc"
        "FytGJAAAAAASgBrzyF2k3r1PH//QSSrQUAcvHc8LBQd4rdQeX7v+HrffFupmKmCLgBBfDUgJXyEIggAsqOHuCABVw="
    ),
}


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
    """Open a decoder for ``codec`` and decode its built-in frame twice."""

    try:
        decoder = backend.open(codec)
    except BackendUnavailable as error:
        return _refusal(codec, backend, str(error))
    try:
        fault = _fault(decoder.decode(proof_frame(codec))) or _fault(decoder.decode(proof_frame(codec, 3000)))
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
    return EncodedFrame(0, "video", codec, timestamp, PROOFS[codec], True, False, 0, 0)


def _fault(pictures: list[Picture]) -> str:
    """Why these are not the built-in picture; empty when they are."""
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
    if any(abs(a - b) > TOLERANCE for a, b in zip(found, BARS, strict=True)):
        return f"the built-in frame came out with luma {found} in place of {BARS}"
    return ""
