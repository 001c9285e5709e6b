"""The configuration tree: each key with its default, unit, bound and reason. docs/configuration.md is made from it."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from receiver.config import machine
from receiver.config.key import (
    ADDRESS,
    CONNECTOR,
    DEVICE,
    ID,
    MODE,
    NAME,
    NETWORKS,
    PATH,
    TIME,
    TURN,
    Key,
    key,
    keys_of,
    whole,
)


@dataclass(frozen=True, slots=True)
class Display:
    name: str = key(
        machine.display_name,
        "What people see in their list of displays and on the idle screen; 63 bytes is the most that mDNS carries.",
        bound=NAME,
        default_text="from the hostname",
    )
    id: str = key(
        machine.display_id,
        "What senders remember this display by. Changing it makes every paired sender pair again.",
        bound=ID,
        default_text="`tv-`, the hostname and four digits from the machine id",
    )


@dataclass(frozen=True, slots=True)
class Http:
    port: int = key(
        8080,
        "The plain page. It works unprivileged and is seldom taken; 0 takes any free port.",
        bound=whole(0, 65535),
        unit="TCP port",
    )
    https_port: int = key(
        8443,
        "The secure page: browsers share a screen only from there (or from localhost). 0 takes any free port.",
        bound=whole(0, 65535),
        unit="TCP port",
    )
    bind: str = key(
        "",
        'The address to listen on. "" means all, so that the display is found on whichever network it joins.',
        bound=ADDRESS,
        unit="IP address",
    )


@dataclass(frozen=True, slots=True)
class Output:
    kind: Literal["auto", "kms", "kmsdrm", "window", "headless"] = key(
        "auto",
        "Where pictures go. `auto` takes a window on a desktop; on a bare console KMS, or where that can't have the "
        "screen SDL's own way to it (`kmsdrm`); and else headless, until one of them can be had.",
    )
    width: int = key(
        1280, "The headless screen's width. 720p is enough to look at.", bound=whole(320, 7680), unit="pixels"
    )
    height: int = key(720, "The headless screen's height.", bound=whole(240, 7680), unit="pixels")
    connector: str = key(
        "",
        'The socket whose screen shows, such as "HDMI-A-1" (`ddp-receiver doctor` lists them); "" takes the first that '
        "has a screen. While it has none, another one of the same card shows. For KMS.",
        bound=CONNECTOR,
    )
    mode: str = key(
        "",
        'The size, and the rate where one is named, such as "1920x1080@50". "" takes what the screen prefers. For KMS.',
        bound=MODE,
        unit="pixels, Hz",
    )
    film_rate: bool = key(
        True,
        "Whether the screen takes the rate of a film that is cast in smooth mode, such as 24 or 50 Hz, where it has "
        "that at the same size. Most screens are dark, and silent where the sound goes by HDMI, for a second or two "
        "meanwhile. A rate named in `output.mode` stays. For KMS.",
    )
    rotate: int = key(
        0,
        "How far the screen hangs turned counter-clockwise: everything is shown turned clockwise by as much.",
        bound=TURN,
        unit="degrees",
    )
    fullscreen: bool = key(True, "Whether the window fills the desktop, as a display in a room should.")


@dataclass(frozen=True, slots=True)
class Floor:
    mode: Literal["one", "many", "moderated"] = key(
        "one",
        "Who may share at once. `one`: the next asks to take over, or waits. `many`: up to `places`, side by side. "
        "`moderated`: whom an owner or a moderator lets.",
    )
    places: int = key(4, "How many may share at once where `mode` is not `one`.", bound=whole(1, 4), unit="pictures")
    first_is_owner: bool = key(
        True, "Whether the first device that pairs with this display owns it, and may decide who shares."
    )


@dataclass(frozen=True, slots=True)
class Sound:
    device: str = key(
        "auto",
        "The loudspeaker. `auto` takes the system's default, `null` plays nothing; else a device's name or part of it.",
        bound=DEVICE,
    )


@dataclass(frozen=True, slots=True)
class Decode:
    hardware: bool = key(
        True,
        "Whether a GPU or a video chip may decode, where one proves that it can. `false` leaves all to the CPU: for a "
        "driver that gives wrong pictures or hangs.",
    )


@dataclass(frozen=True, slots=True)
class Pace:
    mode: Literal["interactive", "smooth"] = key(
        "interactive",
        "`interactive` shows each picture as soon as it can, for slides and remote control; `smooth` waits two frames "
        "longer for even motion, for films.",
    )


@dataclass(frozen=True, slots=True)
class Cast:
    allow: tuple[str, ...] = key(
        (),
        "Networks that `cast` may fetch from although they are forbidden: loopback, link-local, multicast, the "
        "metadata addresses of clouds and this display's own addresses are, so that a guest can't look into the "
        "machine.",
        bound=NETWORKS,
    )
    deny: tuple[str, ...] = key(
        (),
        "Networks that `cast` may not fetch from, beside those. `allow` wins where both hold an address.",
        bound=NETWORKS,
    )
    quic: bool = key(
        True,
        "Whether a browser may share over QUIC (WebTransport) where WebRTC finds no way, or where the page was opened "
        "with `?transport=quic`. Turn it off where UDP is only for WebRTC.",
    )


@dataclass(frozen=True, slots=True)
class Input:
    device: Literal["auto", "off", "null"] = key(
        "auto",
        "What senders with consent drive: `auto` makes a keyboard, pointer, touch screen and gamepad by uinput; `off` "
        "lets nobody; `null` takes events and does nothing.",
    )
    layout: Literal["us", "gb", "de", "fr"] = key(
        "us", "The keyboard layout of this machine's desktop: text that is sent is typed on it."
    )
    click: Literal["pointer", "enter"] = key(
        "pointer", "What a `mouse-click` does where it points: the left button, or the ENTER of a TV remote."
    )
    back: Literal["off", "screen", "always"] = key(
        "off",
        "Whether what is done at this machine's touch screens, mice, keyboards and TV remote goes to the sender whose "
        "picture is shown, where it asked: `screen` where this display has the screen to itself (KMS); `always` also "
        "in a window or headless, so only where nothing else runs: every program's keys would go too.",
    )


@dataclass(frozen=True, slots=True)
class Tv:
    cec: bool = key(
        True,
        "Whether the TV is spoken to over HDMI (CEC), where this machine can: woken, put to sleep, its remote heard.",
    )
    wake: bool = key(True, "Whether a cast, or a PIN to be read, turns the TV on and makes it show this display.")
    standby_minutes: int = key(
        0,
        "How long after the last cast the TV is sent to standby, if it still shows this display. 0 is never.",
        bound=whole(0, 1440),
        unit="minutes",
    )
    on_at: str = key("", 'When the TV is woken each day, local time. "" is never.', bound=TIME, unit="HH:MM")
    off_at: str = key(
        "",
        'When the TV is sent to standby each day, local time; during a cast, at its end. "" is never.',
        bound=TIME,
        unit="HH:MM",
    )


@dataclass(frozen=True, slots=True)
class Discovery:
    mdns: bool = key(True, "Whether the display announces itself by mDNS (`_ddp._tcp.local`).")
    ssdp: bool = key(True, "Whether the display announces itself by SSDP. Turn it off where UPnP is not wanted.")


@dataclass(frozen=True, slots=True)
class Paths:
    state_dir: Path = key(
        machine.state_dir,
        "Identity keys, certificate and pairings. Lose it and every sender pairs again.",
        bound=PATH,
        unit="folder",
        default_text="`$STATE_DIRECTORY`; as root `/var/lib/ddp-receiver`; else `$XDG_STATE_HOME/ddp-receiver`",
    )
    runtime_dir: Path = key(
        machine.runtime_dir,
        "The socket by which `ddp-receiver status` and `screenshot` reach the receiver.",
        bound=PATH,
        unit="folder",
        default_text="`$RUNTIME_DIRECTORY`; as root `/run/ddp-receiver`; else `$XDG_RUNTIME_DIR/ddp-receiver`; else "
        "`run` in the default `state_dir`",
    )


@dataclass(frozen=True, slots=True)
class Log:
    level: Literal["debug", "info", "warning", "error"] = key(
        "info", "The least that is written. `info` is a few lines for each cast; `debug` tells every message's kind."
    )


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that a person can set, checked and complete. ``source`` is the file it came from, if any."""

    display: Display = dataclasses.field(default_factory=Display)
    http: Http = dataclasses.field(default_factory=Http)
    output: Output = dataclasses.field(default_factory=Output)
    floor: Floor = dataclasses.field(default_factory=Floor)
    sound: Sound = dataclasses.field(default_factory=Sound)
    decode: Decode = dataclasses.field(default_factory=Decode)
    pace: Pace = dataclasses.field(default_factory=Pace)
    cast: Cast = dataclasses.field(default_factory=Cast)
    input: Input = dataclasses.field(default_factory=Input)
    tv: Tv = dataclasses.field(default_factory=Tv)
    discovery: Discovery = dataclasses.field(default_factory=Discovery)
    paths: Paths = dataclasses.field(default_factory=Paths)
    log: Log = dataclasses.field(default_factory=Log)
    source: Path | None = None


SECTIONS: dict[str, type] = {
    "display": Display,
    "http": Http,
    "output": Output,
    "floor": Floor,
    "sound": Sound,
    "decode": Decode,
    "pace": Pace,
    "cast": Cast,
    "input": Input,
    "tv": Tv,
    "discovery": Discovery,
    "paths": Paths,
    "log": Log,
}

KEYS: dict[str, Key] = {key.name: key for section, cls in SECTIONS.items() for key in keys_of(section, cls)}
