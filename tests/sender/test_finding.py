"""The command line finds real receivers, on a network of this test's own."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.box import CONFIG, box
from tests.peers.cast import cast


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def inside(namespace: str) -> tuple[str, ...]:
    return "ip", "netns", "exec", namespace


@pytest.fixture
def lan() -> Iterator[tuple[str, str]]:
    """Two namespaces on one cable: the display's and the sender's."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    names = f"ddpcast{os.getpid()}a", f"ddpcast{os.getpid()}b"
    made = []
    try:
        for name in names:
            ip("netns", "add", name)
            made.append(name)
        ip("link", "add", "cable", "netns", names[0], "type", "veth", "peer", "name", "cable", "netns", names[1])
        for host, name in enumerate(names, 1):
            for link in ("lo", "cable"):
                ip("-n", name, "link", "set", link, "up")
            ip("-n", name, "addr", "add", f"10.92.0.{host}/24", "dev", "cable")
        yield names
    finally:
        for name in made:
            ip("netns", "del", name)


async def test_a_display_is_found_by_both_protocols_and_paired_by_name(lan: tuple[str, str], tmp_path: Path) -> None:
    config = CONFIG.replace("ssdp = false\nmdns = false", "ssdp = true\nmdns = true")
    here = inside(lan[1])
    async with box(tmp_path, config=config, before=inside(lan[0])) as tv:
        https = (await tv.status())["https_port"]
        await tv.until(lambda status: "Test room" in str(status["discovery"]))

        async with cast(tmp_path, "list", "--json", before=here) as sender:
            (found,) = json.loads(await sender.output())
        assert found["name"] == "Test room"
        assert found["address"] == f"10.92.0.1:{https}"
        assert found["state"] == "new"
        assert found["found_by"] == ["SSDP", "mDNS"]

        async with cast(tmp_path, "pair", "test room", before=here) as sender:
            await sender.says("PIN on Test room: ")
            sender.types(await tv.pin())
            assert await sender.ends() == 0
        assert found["fingerprint"] in sender.told

        async with (
            cast(tmp_path, "list", before=here) as sender,
            cast(tmp_path, "test", "Cellar", before=here) as stray,
        ):
            heading, row = (await sender.output()).splitlines()
            assert await stray.ends() == 3
        assert "There is no display Cellar on this network. Found: Test room." in stray.told
        assert heading.split() == ["NAME", "ID", "ADDRESS", "KEY", "FOUND", "BY"]
        for part in ("Test room", found["id"], found["address"], found["fingerprint"][:8], "paired", "SSDP, mDNS"):
            assert part in row


async def test_where_nobody_is_that_is_said(lan: tuple[str, str], tmp_path: Path) -> None:
    async with cast(tmp_path, "list", before=inside(lan[1])) as sender:
        assert await sender.output() == ""
        assert await sender.ends() == 0
    assert "No display was found. Are you on the same network?" in sender.told
