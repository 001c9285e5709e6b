"""Targets: what comes from our own processes, the kernel, whoever keeps the box, and from a display to our sender."""

import json
import socket
import struct

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo

from receiver.config import parse as parse_config
from receiver.discovery.record import SERVICE_TYPE
from receiver.errors import ConfigError
from receiver.input.cec import CecError, Frame, Playback
from receiver.link import AdminDevices, Framer, LinkError, Message, RtcOffer, Scene, StreamLive, UrlOpen, encode
from receiver.media import EncodedFrame
from receiver.present.drm import events
from receiver.present.drm.uevent import hotplug
from scripts.sender import answers
from scripts.sender.errors import Lost
from scripts.sender.finding import from_mdns, from_well_known
from tests.fuzz.target import Target, pack, text, unpack

MESSAGES: tuple[Message, ...] = (
    Scene("Boardroom", "https://192.0.2.7:8443", "", "On the network", True, pin="12345678"),
    EncodedFrame(1, "video", "VP8", 3000, b"\x10" * 40, True, False, 1, 2, None),
    RtcOffer(1, "v=0", ("VP8", "H264")),
    UrlOpen(1, "https://media.example/", ("H264",), ("10.0.0.0/8",)),
    AdminDevices("name", "abc", "Anna"),
    StreamLive(1),
)


def link(data: bytes) -> None:
    """In one piece, and byte by byte up to where it ends or breaks: the same messages."""
    whole = Framer().feed(data)
    framer = Framer()
    assert [found for at in range(0, len(data), 7) for found in framer.feed(data[at : at + 7])] == whole


CONFIG = b"""
[display]
name = "Test room"
[http]
port = 8080
https_port = 8443
[cast]
allow = ["10.0.0.0/8"]
[log]
level = "debug"
"""


def config(data: bytes) -> None:
    parse_config(text(data), "receiver.toml")


TXT = (b"path=/", b"ddpsupport=2.1,methods", b"transport=ws,http2", b"v=2.1", b"id=tv-1", b"fp=" + b"A" * 43, b"at=")


def txt(data: bytes) -> None:
    """A TXT record as the sender reads it; it is never the reader's fault."""
    address = socket.inet_aton("192.0.2.7")
    info = AsyncServiceInfo(SERVICE_TYPE, f"TV.{SERVICE_TYPE}", port=8443, addresses=[address], properties=data)
    assert info.parsed_addresses(IPVersion.V4Only)
    found = from_mdns(info)
    assert found is None or found.url.startswith("wss://192.0.2.7:8443/")


WELL_KNOWN = json.dumps(
    {"display_id": "tv-1", "display_name": "TV", "path": "/", "fingerprint": "A" * 43, "https_port": 8443}
).encode()


def well_known(data: bytes) -> None:
    from_well_known("http://192.0.2.7:8080/device.xml", json.loads(data))


GREETING = json.dumps(
    {
        "ddp_session_id": "A" * 22,
        "display_id": "tv-1",
        "display_name": "TV",
        "capability": "ddp=2.1",
        "jwk": {"kty": "EC", "crv": "P-256", "x": "A", "y": "A"},
        "nonce": "A" * 22,
    }
).encode()


def greeting(data: bytes) -> None:
    answers.read(json.loads(data), answers.Greeting)


def cec(data: bytes) -> None:
    """What a TV may say, a second apart: no key stays down."""
    player = Playback(4, 0x1000)
    for at, wire in enumerate(unpack(data)):
        if (frame := Frame.read(wire)) is not None:
            player.take(frame, at * 1_000_000_000)
        player.poll(at * 1_000_000_000)
    player.poll(1 << 62)
    assert sum(1 if key.down else -1 for key in player.keys if not key.again) == 0


def card_tells(data: bytes) -> None:
    """A card's own events, and the kernel's of plugs."""
    events.flips(data)
    hotplug(data)


PLUG = b"change@/devices/card0\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1\0"
FLIP = struct.pack("<IIQIIII", events.FLIP_COMPLETE, 32, 0, 3, 250_001, 180, 50)

TARGETS = (
    Target("card", card_tells, (), (PLUG, FLIP, FLIP + FLIP)),
    Target("cec", cec, (CecError,), (pack(b"\x04\x44\x01", b"\x04\x45"), pack(b"\x0f\x86\x10\x00", b"\x04\x90\x01"))),
    Target("link", link, (LinkError,), (*map(bytes, map(encode, MESSAGES)), b"".join(map(encode, MESSAGES)))),
    Target(
        "config", config, (ConfigError,), (CONFIG, b"http.port = 1\n[display]\n"), (b"[[a]]", b"inf", b"'''", b'"""')
    ),
    Target("txt", txt, (), (b"".join(len(one).to_bytes(1) + one for one in TXT),), (b"\x05path=", b"\x00", b"\xffid")),
    Target("well-known", well_known, (ValueError, RecursionError), (WELL_KNOWN,), (b'"https_port"', b"true")),
    Target("greeting", greeting, (Lost, ValueError, RecursionError), (GREETING,)),
)
