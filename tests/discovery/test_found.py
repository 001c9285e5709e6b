"""Clients that we did not write find the display: async-upnp-client, gssdp, zeroconf, avahi."""

import asyncio
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

TYPE = "_ddp._tcp.local."
DEVICE = "urn:ddp-org:device:DisplayReceiver:1"


def test_async_upnp_client_finds_it_by_ipv4(home: Any) -> None:
    answers = home.sender.search()
    udn = answers[0]["_udn"]
    assert sorted(answer["st"] for answer in answers) == sorted(["upnp:rootdevice", udn, DEVICE])
    for answer in answers:
        assert answer["location"] == f"http://{home.tv.v4}:8080/device.xml"
        assert answer["usn"].startswith(udn)
        assert answer["ext"] == ""
        assert answer["cache-control"] == "max-age=1800"
        assert answer["x-display-id"] == "tv-livingroom-001a"
        assert answer["x-supports-webrtc"] == "true"
        assert answer["x-ddp-fp"] == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        assert {"date", "server", "bootid.upnp.org", "configid.upnp.org"} <= answer.keys()
    for target in (udn, DEVICE):
        assert [answer["st"] for answer in home.sender.search(target)] == [target]
    assert home.sender.search("urn:schemas-upnp-org:device:MediaRenderer:1") == []


def test_async_upnp_client_finds_it_by_ipv6(home: Any) -> None:
    answers = home.sender.search(v6=True)
    assert len(answers) == 3
    for answer in answers:
        host = answer["_location_original"].removeprefix("http://[").partition("]:8080/")[0]
        assert ip_address(host).is_link_local


@pytest.mark.skipif(shutil.which("gssdp-discover") is None, reason="gssdp-discover (gupnp-tools) is not installed")
def test_gssdp_finds_it(home: Any) -> None:
    command = ["ip", "netns", "exec", home.sender.name, "gssdp-discover", "-i", home.sender.link, "--timeout=2"]
    output = subprocess.run([*command, "-t", DEVICE], capture_output=True, text=True, timeout=30).stdout
    assert f"::{DEVICE}" in output
    assert f"Location: http://{home.tv.v4}:8080/device.xml" in output


def test_zeroconf_finds_it_with_every_key_and_both_kinds_of_address(home: Any) -> None:
    async def browse() -> tuple[list[str], AsyncServiceInfo]:
        names: list[str] = []
        seen = asyncio.Event()

        def change(name: str, **_: object) -> None:
            names.append(name)
            seen.set()

        async with AsyncZeroconf(ip_version=IPVersion.All) as zeroconf:
            browser = AsyncServiceBrowser(zeroconf.zeroconf, TYPE, handlers=[change])
            await asyncio.wait_for(seen.wait(), 10)
            info = AsyncServiceInfo(TYPE, names[0])
            assert await info.async_request(zeroconf.zeroconf, 5000)
            await browser.async_cancel()
        return names, info

    names, info = home.sender.run(browse)
    assert names == [f"Living room.{TYPE}"]
    assert info.decoded_properties == {
        "path": "/",
        "ddpsupport": "2.1,methods,reactive,subscriptions",
        "transport": "ws,http2",
        "compression": "gzip,br",
        "v": "2.1",
        "id": "tv-livingroom-001a",
        "fp": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        "at": "tok-1",
    }
    assert info.port == 8443
    assert info.server == "tv-livingroom-001a.local."
    assert {home.tv.v4, home.tv.v6} <= set(info.parsed_addresses())


AVAHI = """
set -e
mount -t tmpfs none /run
mkdir /run/avahi-daemon
dbus-daemon --config-file={dir}/bus.conf --nofork & bus=$!
for attempt in 1 2 3 4 5 6 7 8 9 10; do [ -S {dir}/bus ] && break; sleep 0.1; done
avahi-daemon --file={dir}/avahi.conf --no-drop-root --no-chroot --no-rlimits & daemon=$!
trap 'kill $daemon $bus; wait' EXIT
for attempt in 1 2 3 4 5 6 7 8 9 10; do avahi-daemon --check && break; sleep 0.3; done
sleep 1
avahi-browse --resolve --parsable --terminate _ddp._tcp
"""
BUS = """<busconfig><type>session</type><listen>unix:path={dir}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
</policy></busconfig>"""


@pytest.mark.skipif(
    None in map(shutil.which, ("avahi-daemon", "avahi-browse", "dbus-daemon")),
    reason="avahi-daemon, avahi-browse or dbus-daemon is not installed",
)
def test_avahi_finds_it(home: Any, tmp_path: Path) -> None:
    (tmp_path / "bus.conf").write_text(BUS.format(dir=tmp_path))
    (tmp_path / "avahi.conf").write_text(f"[server]\nallow-interfaces={home.sender.link}\n")
    done = subprocess.run(
        ["ip", "netns", "exec", home.sender.name, "bash", "-c", AVAHI.format(dir=tmp_path)],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"},
        capture_output=True,
        text=True,
        timeout=40,
    )
    resolved = [line.split(";") for line in done.stdout.splitlines() if line.startswith("=")]
    assert resolved, done.stderr
    assert {line[2] for line in resolved} == {"IPv4", "IPv6"}
    for line in resolved:
        assert (line[3], line[6], line[8]) == (r"Living\032room", "tv-livingroom-001a.local", "8443")
        assert '"ddpsupport=2.1,methods,reactive,subscriptions"' in line[9]
