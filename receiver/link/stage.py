"""What the app and the stage tell each other, and what the stage asks of an intake. Pure."""

from typing import Literal

import msgspec

from receiver.media import Codec, Stamps

Layout = Literal["auto", "single", "side-by-side", "grid", "presenter+strip"]
"""How several pictures share the screen; ``auto`` goes by their number."""

Wish = Literal["share", "control"]
"""What somebody asks the room for: to share, or to use the display's keyboard and pointer."""

# ---- app -> stage


class Scene(msgspec.Struct, frozen=True, tag="scene"):
    """All that the screen shows beside pictures. Sent whole at each change, so a restarted stage needs no history.

    ``join_url``: what a person types, e.g. ``https://192.168.1.20:8443``; empty while there is no network.
    ``join_qr``: the text in the QR code (the URL with the pairing secret in its fragment); empty: no code.
    ``network``: one short line on the network's state; ``network_ok`` false draws it as a warning.
    ``pin``: eight digits while someone pairs, with ``pin_for`` the sender's name; ``toast``: a short note, shown for
    as long as it is set. ``asking``: who asks for ``wish``, with ``asked``, the name of whoever may let them (empty
    where it is for a moderator to say). ``identify``: the display's name fills the screen, with this line below it.
    ``driving``: names of those who control the display now; ``back``: of who is told what is done at it. ``dark``: the
    screen is off and nothing is heard.
    """

    display_name: str
    join_url: str
    join_qr: str
    network: str
    network_ok: bool
    pin: str | None = None
    pin_for: str | None = None
    toast: str | None = None
    asking: str | None = None
    asked: str = ""
    wish: Wish = "share"
    identify: str | None = None
    driving: tuple[str, ...] = ()
    back: str = ""
    dark: bool = False


class AttachStream(msgspec.Struct, frozen=True, tag="attach-stream"):
    """A stream begins, or begins again after a stage restart. Two descriptors: its media links.

    Where the stage has that stream already, another intake sends it from now on: decoder and picture stay.
    """

    stream: int
    sender_name: str
    mode: Literal["interactive", "smooth"] = "interactive"


class DetachStream(msgspec.Struct, frozen=True, tag="detach-stream"):
    """The stream has ended; its picture leaves the screen."""

    stream: int


class SetPaused(msgspec.Struct, frozen=True, tag="set-paused"):
    """Paused holds the last picture under a mark and silences the sound."""

    stream: int
    paused: bool


class SetPicture(msgspec.Struct, frozen=True, tag="set-picture"):
    """How a stream's picture lies in its place: turned clockwise by ``degrees``; at ``scale`` 1 it fits."""

    stream: int
    degrees: Literal[0, 90, 180, 270] = 0
    scale: float = 1.0


class SetVolume(msgspec.Struct, frozen=True, tag="set-volume"):
    """How loud a stream is, from 0 to 1, where it is heard at all."""

    stream: int
    volume: float


class SetLayout(msgspec.Struct, frozen=True, tag="set-layout"):
    """How the pictures share the screen. ``focus``: the stream that is largest and heard; None: the newest."""

    layout: Layout = "auto"
    focus: int | None = None


class TakeSnapshot(msgspec.Struct, frozen=True, tag="take-snapshot"):
    """Ask for what the TV shows now. ``max_width`` in pixels; 0 gives the screen's own size."""

    request: int
    max_width: int = 0
    format: Literal["png", "jpeg"] = "png"


class SetTap(msgspec.Struct, frozen=True, tag="set-tap"):
    """Report a crop of every picture that is shown, and every block of sound that is played, until turned off.

    The crop is in pixels of the sender's picture. For tests and benchmarks.
    """

    on: bool
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


# ---- stage -> app


class StageReady(msgspec.Struct, frozen=True, tag="stage-ready"):
    """The stage is up; again whenever its screen is another one or has another mode.

    ``output_reason``/``sound_reason``: one sentence on what was chosen and why.

    ``width_mm``/``height_mm``: the screen's own size, 0 where it does not tell. ``sleeps``: the screen itself goes to
    standby when it is dark; otherwise it shows black. ``console``: the virtual terminal that it is at, e.g. ``tty1``.
    """

    output: Literal["kms", "kmsdrm", "window", "headless"]
    output_reason: str
    sound: str
    sound_reason: str
    width: int
    height: int
    refresh_mhz: int
    codecs: tuple[Codec, ...]
    width_mm: int = 0
    height_mm: int = 0
    sleeps: bool = False
    console: str = ""


class StreamStats(msgspec.Struct, frozen=True, tag="stream-stats"):
    """Once a second for each stream. ``transit_ms``: median, first packet in -> on screen. ``dropped``: frames by cause
    since the stream began; likewise ``frames_presented``, ``frames_decoded``, and ``shown_late``: pictures that missed
    their deadline and were shown all the same, because nothing newer was there. ``missed``: pictures that were shown at
    a later VSync than they were due at, by cause (``pace.missed``). ``sound_dropped_ms``: ms by cause.
    ``decoder``: what decodes; ``fallback``: a sentence on why, where a better one had to give up in mid-stream."""

    stream: int
    codec: str
    width: int
    height: int
    fps: float
    transit_ms: float
    frames_decoded: int
    frames_presented: int
    dropped: dict[str, int]
    audio_offset_ms: float | None = None
    shown_late: int = 0
    missed: dict[str, int] = msgspec.field(default_factory=dict)
    sound_dropped_ms: dict[str, int] = msgspec.field(default_factory=dict)
    decoder: str = ""
    fallback: str = ""


class StreamLive(msgspec.Struct, frozen=True, tag="stream-live"):
    """The stream's first picture since it was attached is on screen."""

    stream: int


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """Answer to ``TakeSnapshot``."""

    request: int
    image: bytes
    width: int
    height: int


class TapPicture(msgspec.Struct, frozen=True, tag="tap-picture"):
    """A picture was put on screen: its stamps, size, and the luma (Y, 8 bit, row by row) of the tapped crop."""

    stream: int
    timestamp: int
    width: int
    height: int
    stamps: Stamps
    luma: bytes


class TapSound(msgspec.Struct, frozen=True, tag="tap-sound"):
    """A block of sound left for the loudspeaker: s16le interleaved stereo at 48 kHz, heard from ``heard_ns`` on."""

    stream: int
    timestamp: int
    heard_ns: int
    samples: bytes


# ---- stage -> intake


class KeyframeRequest(msgspec.Struct, frozen=True, tag="keyframe-request"):
    """The decoder needs a keyframe; ``cause`` for the counters."""

    cause: str
