"""Hostile datagrams on a real network: each is dropped and counted by cause, and honest searches are answered."""

import socket
from typing import Any

SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'


def test_bad_datagrams_are_counted_by_cause(home: Any, until: Any) -> None:
    receiver = home.receivers[0]
    before = receiver.status()["ssdp"]["counters"]
    home.sender.send(
        [
            SEARCH.replace(b"MX: 1", b"MX: -3"),
            SEARCH.replace(b"MX: 1\r\n", b""),
            SEARCH.replace(b"ssdp:all", b"ssdp:all\nLOCATION: http://evil/"),
            SEARCH.replace(b"239.255.255.250", b"victim.example"),
            SEARCH.replace(b'"', b""),
            SEARCH[:-2] + b"X: " + b"a" * 4000 + b"\r\n\r\n",
            b"M-SEARCH * HTTP/1.1\r\n\xff\xfe\r\n\r\n",
            b"\xff" * 100,
        ]
    )
    wanted = {
        "bad_mx": 2,
        "header_injection": 1,
        "wrong_host": 1,
        "wrong_man": 1,
        "oversized": 1,
        "malformed": 1,
        "answered": 0,
    }
    until(
        lambda: {key: receiver.status()["ssdp"]["counters"][key] - before[key] for key in wanted},
        lambda gained: gained == wanted,
    )
    assert len(home.sender.search()) == 3


def test_sources_from_beyond_the_link_get_nothing(home: Any) -> None:
    receiver = home.receivers[0]
    home.sender.ip("addr", "add", "172.31.9.9/32", "dev", "lo")
    # The way back exists, so that only the guard can be why no answer comes.
    home.tv.ip("route", "add", "172.31.9.9", "via", home.sender.v4)
    before = receiver.status()["ssdp"]["counters"]["off_link"]
    home.sender.send([SEARCH] * 5, source="172.31.9.9")
    receiver.until(lambda status: status["ssdp"]["counters"]["off_link"] == before + 5)


def test_a_unicast_search_is_not_heard(home: Any) -> None:
    async def ask() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(SEARCH, (home.tv.v4, 1900))

    receiver = home.receivers[0]
    before = receiver.status()["ssdp"]["counters"]["answered"]
    home.sender.run(ask)
    assert len(home.sender.search("upnp:rootdevice")) == 1
    assert receiver.status()["ssdp"]["counters"]["answered"] == before + 1


def test_a_flood_from_one_source_does_not_stop_service_to_another(lan: Any) -> None:
    receiver = lan.receiver()
    receiver.named()
    other = "10.91.0.77"
    lan.sender.ip("addr", "add", f"{other}/24", "dev", lan.sender.link)
    lan.sender.send([SEARCH] * 2000)
    counters = receiver.until(lambda status: status["ssdp"]["counters"]["source_rate_limit"])["ssdp"]["counters"]
    assert counters["answered"] <= 30
    # One datagram may find the socket's buffer full; a searcher sends several (UPnP Device Architecture 2.0, 1.3.2).
    assert 3 in (len(lan.sender.search(source=other)) for _ in range(3))
