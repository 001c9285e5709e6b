"""The verbs of DDP.md section 6. Pure.

``stream`` is a number that ``rtc.offer`` gave. Left out, it is the sender's own stream; a caller without one who may
control the display means the only stream there is. Another's stream needs the scope ``control``.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from receiver.ddp.commands.registry import Command, command
from receiver.link import Layout as LayoutName

END = r"(?![\s\S])"
"""The end of the text, and not before its last newline: ``$`` means either, by the dialect."""

SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "srt")
"""Of addresses that can be cast; HLS is a playlist by http or https."""

Uuid = Annotated[
    str,
    Meta(
        pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}" + END,
        extra_json_schema={"format": "uuid", "examples": ["0b0c9a5e-6a0f-4f6e-9d43-5a4f7f0c6d21"]},
    ),
]
Url = Annotated[
    str,
    Meta(
        pattern=f"^({'|'.join(SCHEMES)})://[!-~]+{END}",
        max_length=2048,
        extra_json_schema={"format": "uri", "examples": ["https://media.example/film.mp4"]},
    ),
]
Scale = Annotated[float, Meta(ge=0.1, le=4.0)]
Stream = (
    Annotated[int, Meta(ge=1, le=2**53 - 1, description="the stream; left out: your own, or the only one there is")]
    | UnsetType
)


@command("mirror", scope="cast")
class Mirror(Command, frozen=True):
    """Show a device's screen as it is; the answer tells the display's own mode."""

    device_id: Annotated[Uuid, Meta(description="the device whose screen is mirrored")]
    scale: Annotated[Scale, Meta(description="size of the picture; 1 fits the screen, more is cut at its edges")] = 1.0


@command("extend", scope="cast")
class Extend(Command, frozen=True):
    """Be a further screen of the sender's; the answer tells the exact mode for its virtual monitor."""


@command("cast", scope="cast")
class Cast(Command, frozen=True):
    """Play what is at an address; the display fetches it itself."""

    url: Annotated[Url, Meta(description=f"what to play, by {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}")]


@command("play", scope="cast")
class Play(Command, frozen=True):
    """Go on after a pause, or begin again after a stop."""

    stream: Stream = UNSET


@command("pause", scope="cast")
class Pause(Command, frozen=True):
    """Hold the picture and silence the sound."""

    stream: Stream = UNSET


@command("stop", scope="cast")
class Stop(Command, frozen=True):
    """End the stream."""

    stream: Stream = UNSET


@command("seek", scope="cast")
class Seek(Command, frozen=True):
    """Go to a time in what plays from an address; a live picture has no other time."""

    position_s: Annotated[float, Meta(ge=0, le=604_800, description="seconds from its beginning")]
    stream: Stream = UNSET


@command("resize", scope="cast")
class Resize(Command, frozen=True):
    """Change the picture's size in its place on the screen."""

    scale: Annotated[Scale, Meta(description="1 fits its place, less leaves a border, more is cut at the edges")]
    stream: Stream = UNSET


@command("rotate", scope="cast")
class Rotate(Command, frozen=True):
    """Turn the picture."""

    degrees: Annotated[Literal[0, 90, 180, 270], Meta(description="clockwise, from how the sender gives it")]
    stream: Stream = UNSET


@command("volume", scope="cast")
class Volume(Command, frozen=True):
    """Set how loud a stream is."""

    level: Annotated[float, Meta(ge=0, le=1, description="0 is silence, 1 is as loud as the sender gives it")]
    stream: Stream = UNSET


@command("mute", scope="cast")
class Mute(Command, frozen=True):
    """Silence a stream, or let it be heard again at its volume."""

    muted: Annotated[bool, Meta(description="false lets it be heard again")] = True
    stream: Stream = UNSET


@command("layout", scope="control")
class Layout(Command, frozen=True):
    """Arrange the pictures on the screen."""

    layout: Annotated[LayoutName, Meta(description="auto goes by how many there are")]


@command("focus", scope="control")
class Focus(Command, frozen=True):
    """Make one picture the one that is largest and heard."""

    stream: Stream = UNSET


@command("identify", scope="cast")
class Identify(Command, frozen=True):
    """Show the display's name across its screen, to tell it from others in the room."""

    seconds: Annotated[int, Meta(ge=1, le=60, description="for how long")] = 8


@command("power", scope="control")
class Power(Command, frozen=True):
    """Turn the screen off, or on again; the receiver itself stays on."""

    on: Annotated[bool, Meta(description="false turns the screen off")]
