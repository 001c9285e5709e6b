"""Finds displays by mDNS and SSDP at once (DDP.md section 1)."""

import asyncio
import json
import urllib.request
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import urljoin, urlsplit

import ifaddr
from async_upnp_client.search import async_search
from zeroconf import IPVersion, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from receiver.discovery.record import DEVICE_TYPE, SERVICE_TYPE
from scripts.sender.displays import Display, merge

WAIT_S = 2.5
SEARCH_S = 2
"""SSDP's MX: displays spread their answers over so long."""
MAX_DESCRIPTION = 64 * 1024
MAX_FOUND = 256
"""Displays kept of each kind of answer; later ones are dropped."""

Found = Callable[[Display], None]


async def find(enough: Callable[[list[Display]], bool] = lambda displays: False) -> list[Display]:
    """The displays of this network, after ``WAIT_S`` or as soon as they are ``enough``."""
    found: list[Display] = []
    done = asyncio.Event()

    def keep(display: Display) -> None:
        if len(found) < MAX_FOUND:
            found.append(display)
        if enough(merge(found)):
            done.set()

    searches = [asyncio.create_task(work) for work in (_mdns(keep), _ssdp(keep))]
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), WAIT_S)
    for search in searches:
        search.cancel()
    await asyncio.gather(*searches, return_exceptions=True)
    return merge(found)


class _Tasks:
    """Questions that answers gave rise to; they end with the search."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= MAX_FOUND:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _mdns(keep: Found) -> None:
    questions = _Tasks()

    async def ask(zeroconf: Zeroconf, name: str) -> None:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        if await info.async_request(zeroconf, int(WAIT_S * 1000)):
            display = from_mdns(info)
            if display is not None:
                keep(display)

    def change(zeroconf: Zeroconf, name: str, **_: object) -> None:
        questions.add(ask(zeroconf, name))

    try:
        async with AsyncZeroconf(ip_version=IPVersion.All) as zeroconf:
            browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE_TYPE, handlers=[change])
            try:
                await asyncio.sleep(WAIT_S)
            finally:
                questions.cancel()
                await browser.async_cancel()
    except OSError:
        return  # no network that carries multicast: there is nobody to be found by it


def from_mdns(info: AsyncServiceInfo) -> Display | None:
    """The display of a complete answer; IPv4 is preferred, since an IPv6 address may need its zone."""
    texts = info.decoded_properties
    addresses = info.parsed_scoped_addresses(IPVersion.V4Only) or info.parsed_scoped_addresses(IPVersion.V6Only)
    display_id, path = texts.get("id"), texts.get("path") or "/"
    if not path.startswith("/") or not display_id or not addresses or not info.port:
        return None
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    name = info.name.removesuffix(f".{SERVICE_TYPE}")
    return Display(display_id, name, f"wss://{host}:{info.port}{path}", texts.get("fp") or "", frozenset({"mDNS"}))


async def _ssdp(keep: Found) -> None:
    questions = _Tasks()
    asked: set[str] = set()

    async def ask(location: str) -> None:
        with suppress(OSError, HTTPException, ValueError, RecursionError):  # whatever answers there may answer anything
            display = from_well_known(location, await asyncio.to_thread(_well_known, location))
            if display is not None:
                keep(display)

    async def heard(headers: Mapping[str, str]) -> None:
        location = headers.get("location", "")
        if headers.get("x-display-id") and location.startswith("http://") and location not in asked:
            asked.add(location)
            questions.add(ask(location))

    async def search(address: str) -> None:
        with suppress(OSError):
            await async_search(heard, timeout=SEARCH_S, search_target=DEVICE_TYPE, source=(address, 0))

    addresses = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    try:
        await asyncio.gather(*(search(address) for address in addresses if not address.startswith("127.")))
        await asyncio.sleep(WAIT_S)
    finally:
        questions.cancel()


def _well_known(location: str) -> object:
    # Without a proxy: a display is on this network.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urljoin(location, "/.well-known/ddp"), timeout=1) as answer:
        return json.loads(answer.read(MAX_DESCRIPTION))


def from_well_known(location: str, description: object) -> Display | None:
    """The display that ``/.well-known/ddp`` at its SSDP location describes."""
    if not isinstance(description, dict):
        return None
    texts = [description.get(key) for key in ("display_id", "display_name", "path", "fingerprint")]
    port, host = description.get("https_port"), urlsplit(location).hostname
    if not all(isinstance(text, str) for text in texts) or not isinstance(port, int) or host is None:
        return None
    display_id, name, path, fingerprint = map(str, texts)
    if not path.startswith("/"):
        return None
    host = f"[{host}]" if ":" in host else host
    return Display(display_id, name, f"wss://{host}:{port}{path}", fingerprint, frozenset({"SSDP"}))
