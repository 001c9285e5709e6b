"""Networks, names and neighbours change while the receiver runs."""

import asyncio
import socket
from typing import Any

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

TYPE = "_ddp._tcp.local."
UPDATE, ALIVE, BYEBYE = "ssdp:update", "ssdp:alive", "ssdp:byebye"


def addresses(namespace: Any, name: str = f"Living room.{TYPE}") -> set[str]:
    """What a fresh zeroconf learns of the display's addresses; empty if it learns nothing in a second."""

    async def ask() -> set[str]:
        async with AsyncZeroconf(ip_version=IPVersion.All) as zeroconf:
            info = AsyncServiceInfo(TYPE, name)
            return set(info.parsed_addresses()) if await info.async_request(zeroconf.zeroconf, 1000) else set()

    found: set[str] = namespace.run(ask)
    return found


def test_addresses_come_and_go(lan: Any, until: Any) -> None:
    notes = lan.hear()
    receiver = lan.receiver()
    receiver.named()
    until(lambda: notes.seen(nts=ALIVE, location=f"http://{lan.tv.v4}:8080/device.xml"), lambda seen: len(seen) >= 3)

    lan.tv.ip("addr", "add", "10.91.0.50/24", "dev", lan.tv.link)
    receiver.until(lambda status: "10.91.0.50" in status["addresses"])
    until(lambda: addresses(lan.sender), lambda found: {lan.tv.v4, "10.91.0.50"} <= found)

    lan.tv.ip("addr", "flush", "dev", lan.tv.link, "scope", "global")
    lan.tv.ip("addr", "add", "10.91.0.60/24", "dev", lan.tv.link)
    status = receiver.until(lambda status: status["addresses"] == ["10.91.0.60"])
    assert status["problems"] == []
    found = until(lambda: addresses(lan.sender), lambda found: "10.91.0.60" in found)
    assert not found & {lan.tv.v4, lan.tv.v6, "10.91.0.50"}
    until(lambda: notes.seen(nts=ALIVE, location="http://10.91.0.60:8080/device.xml"), lambda seen: len(seen) >= 3)
    boots = [int(note["bootid.upnp.org"]) for note in notes.seen(nts=ALIVE)]
    assert boots == sorted(boots)
    assert boots[-1] > boots[0]
    assert {answer["location"] for answer in lan.sender.search()} == {"http://10.91.0.60:8080/device.xml"}


def test_a_pulled_and_plugged_cable(lan: Any, until: Any) -> None:
    receiver = lan.receiver()
    receiver.named()
    lan.sender.ip("link", "set", lan.sender.link, "down")
    status = receiver.until(lambda status: status["addresses"] == [])
    assert "no network address" in status["problems"][0]
    lan.sender.ip("link", "set", lan.sender.link, "up")
    receiver.until(lambda status: lan.tv.v4 in status["addresses"] and status["ssdp"]["places"])
    until(lan.sender.search, lambda found: len(found) == 3)
    until(lambda: addresses(lan.sender), lambda found: lan.tv.v4 in found)
    assert receiver.ask("status")["heard"][0]


def test_a_start_without_any_network(lan: Any, until: Any) -> None:
    lan.tv.ip("link", "set", lan.tv.link, "down")
    receiver = lan.receiver()
    assert "no network address" in receiver.status()["problems"][0]
    lan.tv.ip("link", "set", lan.tv.link, "up")
    until(lan.sender.search, lambda found: len(found) == 3)
    assert receiver.named() == f"Living room.{TYPE}"


def test_with_two_networks_each_hears_its_own_address_once(lan: Any, until: Any) -> None:
    lan.plug("second", "second")
    for namespace, address in ((lan.tv, "10.92.0.1/24"), (lan.sender, "10.92.0.2/24")):
        namespace.ip("addr", "add", address, "dev", "second")
        namespace.ip("link", "set", "second", "up")
    receiver = lan.receiver()
    receiver.until(lambda status: len(status["ssdp"]["places"]) == 4)
    for source, ours in ((lan.sender.v4, lan.tv.v4), ("10.92.0.2", "10.92.0.1")):
        found = lan.sender.search("upnp:rootdevice", source=source)
        assert found, str(receiver.status()["ssdp"])
        assert [answer["location"] for answer in found] == [f"http://{ours}:8080/device.xml"]
    assert receiver.status()["ssdp"]["counters"]["off_link"] == 0, "a socket heard another interface's searches"


def test_a_new_advertisement_replaces_the_old(lan: Any, until: Any) -> None:
    notes = lan.hear()
    receiver = lan.receiver()
    receiver.named()
    receiver.ask("update", display_name="Den", pairing_token="tok-2", supports_webrtc=False)
    receiver.until(lambda status: status["mdns"]["name"] == f"Den.{TYPE}")
    until(lambda: notes.seen(nts=UPDATE), bool)
    until(lambda: notes.seen(**{"nts": ALIVE, "x-supports-webrtc": "false"}), lambda seen: len(seen) >= 3)
    (update, *_) = notes.seen(nts=UPDATE)
    assert int(update["nextbootid.upnp.org"]) > int(update["bootid.upnp.org"])
    assert addresses(lan.sender) == set()
    assert lan.tv.v4 in addresses(lan.sender, f"Den.{TYPE}")
    receiver.ask("update", config_id=2)
    until(lambda: notes.seen(nts=BYEBYE), bool)


def test_both_goodbyes_are_said_and_quickly(lan: Any, until: Any) -> None:
    notes = lan.hear()
    receiver = lan.receiver()
    receiver.named()

    async def browse() -> tuple[list[str], float]:
        told: list[str] = []
        changed = asyncio.Event()

        def change(state_change: Any, **_: object) -> None:
            told.append(state_change.name)
            changed.set()

        async with AsyncZeroconf(ip_version=IPVersion.All) as zeroconf:
            browser = AsyncServiceBrowser(zeroconf.zeroconf, TYPE, handlers=[change])
            await asyncio.wait_for(changed.wait(), 10)
            changed.clear()
            took = (await asyncio.to_thread(receiver.ask, "close"))["took"]
            await asyncio.wait_for(changed.wait(), 10)
            await browser.async_cancel()
        return told, took

    told, took = lan.sender.run(browse)
    assert told == ["Added", "Removed"]
    assert took < 1.0
    until(lambda: {note["nt"] for note in notes.seen(nts=BYEBYE)}, lambda seen: len(seen) == 3)


def test_a_name_that_is_taken_gets_a_number(lan: Any) -> None:
    first = lan.receiver()
    assert first.named() == f"Living room.{TYPE}"
    second = lan.receiver(lan.sender, display_id="tv-2")
    assert second.named() == f"Living room-2.{TYPE}"
    assert first.named() == f"Living room.{TYPE}"


def test_two_of_one_name_that_start_at_once_part_their_ways(lan: Any, until: Any) -> None:
    receivers = [lan.receiver(display_id="tv-1"), lan.receiver(lan.sender, display_id="tv-2")]
    names = until(
        lambda: [receiver.status()["mdns"]["name"] for receiver in receivers],
        lambda names: None not in names and names[0] != names[1],
    )
    assert f"Living room.{TYPE}" in names


def test_two_of_one_name_that_meet_later_part_their_ways(lan: Any, until: Any) -> None:
    """The later host name keeps the name (RFC 6762 section 8.2)."""
    lan.sender.ip("link", "set", lan.sender.link, "down")
    for namespace, address in ((lan.tv, "10.93.0.1/24"), (lan.sender, "10.94.0.1/24")):
        namespace.ip("link", "add", "alone", "type", "veth", "peer", "name", "end")
        namespace.ip("link", "set", "end", "up")
        namespace.ip("addr", "add", address, "dev", "alone")
        namespace.ip("link", "set", "alone", "up")
    receivers = [lan.receiver(display_id="tv-1"), lan.receiver(lan.sender, display_id="tv-2")]
    assert [receiver.named() for receiver in receivers] == [f"Living room.{TYPE}"] * 2
    lan.sender.ip("link", "set", lan.sender.link, "up")
    until(
        lambda: [receiver.status()["mdns"]["name"] for receiver in receivers],
        lambda names: names == [f"Living room-2.{TYPE}", f"Living room.{TYPE}"],
    )
    assert lan.sender.v4 in addresses(lan.tv)
    assert lan.tv.v4 in addresses(lan.sender, f"Living room-2.{TYPE}")


def test_a_taken_port_stops_ssdp_only_and_it_comes_back(lan: Any, until: Any) -> None:
    async def hold() -> Any:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("0.0.0.0", 1900))
        return sock

    holder = lan.tv.run(hold)
    receiver = lan.receiver()
    status = receiver.until(lambda status: status["ssdp"]["problems"])
    assert "Another program may hold UDP port 1900" in status["ssdp"]["problems"][0]
    assert receiver.named() == f"Living room.{TYPE}"
    assert len(lan.sender.search(v6=True)) == 3
    holder.close()
    lan.tv.ip("addr", "add", "10.91.0.70/24", "dev", lan.tv.link)
    receiver.until(lambda status: not status["ssdp"]["problems"])
    until(lan.sender.search, lambda found: len(found) == 3)
