"""A small network of this test run's own: two namespaces, joined by a virtual cable."""

import asyncio
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from async_upnp_client.advertisement import SsdpAdvertisementListener
from async_upnp_client.search import async_search

PEER = Path(__file__).parent.parent / "peers" / "discovery_receiver.py"
CLONE_NEWNET = 0x40000000
ADVERTISEMENT = {
    "display_id": "tv-livingroom-001a",
    "display_name": "Living room",
    "supports_webrtc": True,
    "fingerprint": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    "pairing_token": "tok-1",
    "http_port": 8080,
    "https_port": 8443,
}
T = TypeVar("T")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def until(read: Callable[[], T], holds: Callable[[T], Any], within: float = 15.0) -> T:
    """Read until it holds; the last reading is in the failure."""
    deadline = time.monotonic() + within
    while not holds(value := read()):
        assert time.monotonic() < deadline, f"still {value!r} after {within} s"
        time.sleep(0.1)
    return value


class Namespace:
    """One network stack; ``link`` is its end of the cable, ``n`` the host part of its addresses."""

    def __init__(self, name: str, n: int) -> None:
        self.name = name
        self.link = f"{name[7:]}v"
        self.v4 = f"10.91.0.{n}"
        self.v6 = f"fd91::{n}"
        ip("netns", "add", name)

    def ip(self, *words: str) -> None:
        ip("-n", self.name, *words)

    def up(self) -> None:
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", self.link, "up")
        self.ip("addr", "add", f"{self.v4}/24", "dev", self.link)
        self.ip("addr", "add", f"{self.v6}/64", "dev", self.link, "nodad")

    def enter(self) -> None:
        """Move the calling thread into this namespace, for good."""
        with open(f"/run/netns/{self.name}") as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns to {self.name}")

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on a loop of its own in this namespace, and return what it returns."""
        results: list[T] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                self.enter()
                results.append(asyncio.run(make()))
            except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def search(self, target: str = "ssdp:all", v6: bool = False, source: str = "") -> list[dict[str, str]]:
        """The answers that async-upnp-client's search gets within a second, by lower-case header."""
        found: list[dict[str, str]] = []

        async def keep(headers: Any) -> None:
            found.append({key.lower(): str(value) for key, value in headers.items()})

        async def look() -> None:
            scope = socket.if_nametoindex(self.link)
            ours: Any = ("::", 0, 0, scope) if v6 else (source or self.v4, 0)
            group: Any = ("FF02::C", 1900, 0, scope) if v6 else None
            await async_search(keep, timeout=1, search_target=target, source=ours, target=group)

        self.run(look)
        return found

    def send(self, datagrams: list[bytes], source: str = "") -> None:
        """Throw datagrams at the IPv4 group."""

        async def throw() -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.v4))
                sock.bind((source or self.v4, 0))
                for datagram in datagrams:
                    sock.sendto(datagram, ("239.255.255.250", 1900))

        self.run(throw)


class Hearing:
    """What async-upnp-client's listener hears of NOTIFYs in a namespace, from a thread there, until ``close``."""

    def __init__(self, namespace: Namespace) -> None:
        self.notes: list[dict[str, str]] = []
        self._namespace = namespace
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: namespace.run(self._listen))
        self._thread.start()
        assert self._ready.wait(10)

    async def _keep(self, headers: Any) -> None:
        self.notes.append({key.lower(): str(value) for key, value in headers.items()})

    async def _listen(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = SsdpAdvertisementListener(
            async_on_alive=self._keep,
            async_on_byebye=self._keep,
            async_on_update=self._keep,
            source=(self._namespace.v4, 0),
        )
        await listener.async_start()
        self._ready.set()
        await self._stop.wait()
        await listener.async_stop()

    def seen(self, **wanted: str) -> list[dict[str, str]]:
        """Those NOTIFYs that have these headers."""
        return [note for note in list(self.notes) if wanted.items() <= note.items()]

    def close(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


class Receiver:
    """Discovery in a process of its own."""

    def __init__(self, namespace: Namespace, **changes: object) -> None:
        advertisement = json.dumps(ADVERTISEMENT | changes)
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", namespace.name, sys.executable, str(PEER), advertisement],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"do": do, **fields}), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.ask("status")["status"]
        return status

    def until(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The first status that ``holds``."""
        return until(self.status, holds)

    def named(self) -> str:
        """The mDNS name, as soon as there is one."""
        return str(self.until(lambda status: status["mdns"]["name"])["mdns"]["name"])

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


class Lan:
    """``tv`` and ``sender`` on one cable; the test starts receivers where it wants."""

    def __init__(self, tag: str) -> None:
        self.receivers: list[Receiver] = []
        self.hearings: list[Hearing] = []
        self.tv = Namespace(f"ddpdisc{tag}a", 1)
        self.sender = Namespace(f"ddpdisc{tag}b", 2)
        self.plug(self.tv.link, self.sender.link)
        self.tv.up()
        self.sender.up()

    def plug(self, tv_link: str, sender_link: str) -> None:
        """Lay a cable between the two."""
        ip("link", "add", tv_link, "netns", self.tv.name, "type", "veth", "peer", "name", sender_link, "netns",
           self.sender.name)  # fmt: skip

    def receiver(self, where: Namespace | None = None, **changes: object) -> Receiver:
        self.receivers.append(Receiver(where or self.tv, **changes))
        return self.receivers[-1]

    def hear(self) -> Hearing:
        """Listen for NOTIFYs at the sender's end."""
        self.hearings.append(Hearing(self.sender))
        return self.hearings[-1]

    def close(self) -> None:
        for hearing in self.hearings:
            hearing.close()
        for receiver in self.receivers:
            receiver.stop()
        for namespace in (self.tv, self.sender):
            ip("netns", "del", namespace.name)


def _lan(tag: str) -> Iterator[Lan]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    lan = Lan(tag)
    try:
        yield lan
    finally:
        lan.close()


@pytest.fixture(name="until")
def _until() -> Callable[..., Any]:
    """``until(read, holds)``: read until it holds, with a deadline."""
    return until


@pytest.fixture
def lan() -> Iterator[Lan]:
    """A fresh network."""
    yield from _lan(f"{os.getpid() % 100000}f")


@pytest.fixture(scope="module")
def home() -> Iterator[Lan]:
    """A network with one receiver on it, fully announced, for tests that leave it as it is."""
    for lan in _lan(f"{os.getpid() % 100000}h"):
        lan.receiver().named()
        yield lan
