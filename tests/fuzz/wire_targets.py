"""Targets: what anybody on the network may send before anything is proven, and the messages after it."""

import json
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from receiver.ddp import data_messages, ejson, jsonrpc, messages, meteor, strict_json
from receiver.ddp.capabilities import Lists, intersect, parse_capability
from receiver.ddp.codes import Refusal
from receiver.ddp.commands import COMMANDS
from receiver.ddp.commands import read as read_command
from receiver.ddp.jsonrpc import MessageError
from receiver.ddp.meteor import MeteorError
from receiver.ddp.names import clean_name
from receiver.ddp.origin import ForeignHost, ForeignOrigin, check_request
from receiver.discovery.guard import Guard, SearchRefused
from receiver.discovery.guard import parse as parse_search
from tests.fuzz.target import Target, latin, text

SEARCH = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: %s:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\n'
    b"ST: %s\r\nUSER-AGENT: Linux/6 UPnP/2.0 x/1\r\n\r\n"
)
SEARCHES = tuple(
    SEARCH % (host, target)
    for host in (b"239.255.255.250", b"[FF02::C]", b"[ff02::c%eth0]")
    for target in (b"ssdp:all", b"upnp:rootdevice", b"urn:ddp-org:device:DisplayReceiver:1")
)


def search(data: bytes) -> None:
    """The guard never raises; what it reads a search with raises SearchRefused alone."""
    guard = Guard(0)
    networks = (IPv4Network("192.0.2.0/24"),)
    verdict, answers, mx = guard.judge(data, IPv4Address("192.0.2.7"), networks, ("upnp:rootdevice",), 1)
    assert 0 <= mx <= 5
    assert guard.counts[verdict] == 1
    assert len(answers) <= 1
    parse_search(data, 6 if b"[" in data else 4)


OURS = parse_capability('ddp=2.1, transport=(ws h2), display=(mirror), codecs=("H264" "VP8"), pair=(cpace)')


def capability(data: bytes) -> None:
    theirs = parse_capability(text(data))
    common = intersect(OURS, theirs, frozenset({"pair"}))
    again: Lists = parse_capability(str(common)).lists
    assert again == common.lists


def message(data: bytes) -> None:
    """Both as bytes, which a sealed frame opens to, and as the text of a frame."""
    jsonrpc.parse(data)
    jsonrpc.parse(text(data))


METHODS: dict[str, tuple[type[messages.Params], dict[str, Any]]] = {
    "ddp.hello": (messages.Hello, {"capability": str(OURS), "jwk": {"kty": "EC"}, "name": "Anna", "nonce": "AAAA"}),
    "ddp.resume": (
        messages.Resume,
        {"session": "AAAA", "last_seq": 7, "token": "a.b.c", "nonce": "AAAA", "proof": "AAAA"},
    ),
    "ddp.bye": (messages.Bye, {"reason": "gone"}),
    "pair.start": (messages.PairStart, {"method": "qr", "hint": "AAAAAA"}),
    "pair.share": (messages.PairShare, {"share": "A" * 43}),
    "pair.confirm": (messages.PairConfirm, {"mac": "A" * 43, "sig": "A" * 86}),
    "rtc.offer": (messages.RtcOffer, {"sdp": "v=0\r\n"}),
    "rtc.candidate": (messages.RtcCandidate, {"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0}),
    "data.sub": (data_messages.Sub, {"id": "1", "name": "displays", "params": [{"id": "a", "fields": ["b"]}]}),
    "data.unsub": (data_messages.Unsub, {"id": "1"}),
    "data.publish": (data_messages.Publish, {"topic": "rooms/a", "value": {"$date": 1}}),
    "data.method": (data_messages.Call, {"id": "1", "name": "rename", "params": ["a", 1.5, None]}),
}
COMMAND_PARAMS: dict[str, dict[str, Any]] = {
    "mirror": {"device_id": "0b0c9a5e-6a0f-4f6e-9d43-5a4f7f0c6d21", "scale": 1.5},
    "cast": {"url": "https://media.example/film.mp4"},
    "seek": {"position_s": 12.5, "stream": 1},
    "layout": {"layout": "grid"},
    "rotate": {"degrees": 90},
    "volume": {"level": 50},
}


def rpc(method: str, params: dict[str, Any]) -> bytes:
    members = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, "ddp_session_id": "A" * 22}
    return json.dumps(members | {"seq": 3, "ack": 2, "mid": 3}, ensure_ascii=False).encode()


def request(data: bytes) -> None:
    """A whole request: the message, then its method's parameters."""
    found = jsonrpc.parse(data)
    method = str(found.method)
    if method in METHODS:
        read = messages.read(found.params, METHODS[method][0])
        if isinstance(read, data_messages.Publish):
            assert len(ejson.encode(read.value, 4096, "value")) <= 4096
        if isinstance(read, messages.Hello):
            clean_name(read.name)
    else:
        read_command(method.removeprefix("display."), found.params)


METEOR = (
    {"msg": "connect", "version": "1", "support": ["1", "pre2"]},
    {"msg": "ping", "id": "a"},
    {"msg": "sub", "id": "a", "name": "displays", "params": [{"id": "b"}]},
    {"msg": "unsub", "id": "a"},
    {"msg": "method", "id": "a", "method": "login", "params": [{"resume": "a.b.c"}], "randomSeed": "x"},
)


def meteor_message(data: bytes) -> None:
    found = meteor.parse(text(data))
    if isinstance(found, meteor.Connect):
        assert meteor.suggestion(found) in meteor.VERSIONS


def value(data: bytes) -> None:
    """A value that one peer publishes and others get."""
    ejson.encode(strict_json.decode(data), 65_536, "value")


def origin(data: bytes) -> None:
    host, _, page = latin(data).partition("\n")
    check_request(host, page or None, "https", {"box.local", "192.0.2.7", "fe80::1%25eth0"})


TARGETS = (
    Target("ssdp", search, (SearchRefused,), SEARCHES, (b"\r\nST: a", b"MX: 99999", b"\t", b"\r\n\r\nx")),
    Target("capability", capability, (Refusal,), (str(OURS).encode(), b"ddp=2, pair=(cpace);q=1.5, x=:AA==:, y=?1")),
    Target("jsonrpc", message, (MessageError,), tuple(rpc(name, params) for name, (_, params) in METHODS.items())),
    Target(
        "requests",
        request,
        (Refusal,),
        tuple(rpc(name, params) for name, (_, params) in METHODS.items())
        + tuple(rpc(f"display.{verb}", COMMAND_PARAMS.get(verb, {"stream": 1})) for verb in COMMANDS),
        tuple(method.encode() for method in METHODS),
    ),
    Target("meteor", meteor_message, (MeteorError,), tuple(json.dumps(seed).encode() for seed in METEOR)),
    Target(
        "ejson",
        value,
        (Refusal, strict_json.BadJson),
        (b'{"a":[1,2.5,{"$date":1700000000000}],"b":{"$binary":"AAEC"},"c":null}', b'"text"'),
        (b'"$date"', b'"$binary"', b'{"$type":"x"}', b"8640000000000001", b"1e308", b"-0.0"),
    ),
    Target("name", lambda data: clean_name(text(data)), (Refusal,), ("Anna’s laptop 👩‍💻".encode(), b"A  b")),
    Target(
        "origin",
        origin,
        (ForeignHost, ForeignOrigin),
        (b"box.local:8443\nhttps://box.local:8443", b"[fe80::1%25eth0]:443\nhttps://x", b"192.0.2.7"),
        (b"@", b"http://", b"null", b"//", b"\x00", "\u2100".encode()),
    ),
)
