"""Pairing from the command line, with a display that shares no code with the sender."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.peers.cast import cast
from tests.peers.fake_box import FakeBox, Refused, b64, fake_box


@pytest.fixture
async def tv() -> AsyncIterator[FakeBox]:
    async with fake_box() as display:
        yield display


async def test_a_wrong_pin_may_be_typed_again(tv: FakeBox, tmp_path: Path) -> None:
    async with cast(tmp_path, "pair", tv.url) as sender:
        await sender.says("PIN on Living room: ")
        sender.types("1234")
        await sender.says("A PIN has eight digits")
        sender.types("00000000")
        await sender.says("That was not the PIN")
        sender.types("0481 5926")
        assert await sender.ends() == 0
    assert re.search(r"Paired with Living room \(tv-test-001a\), key [\w-]{43}\.", sender.told)
    known = json.loads((tmp_path / "ddp-sender" / "displays.json").read_text())
    assert known["tv-test-001a"]["fingerprint"] in sender.told


async def test_what_goes_wrong_is_said_and_has_a_status(tv: FakeBox, tmp_path: Path) -> None:
    async def fails(*options: str) -> tuple[int, str]:
        async with cast(tmp_path, "pair", tv.url, *options) as sender:
            return await sender.ends(), sender.told

    assert await fails("--pin", "00000000") == (4, "✗ That was not the PIN.\n")
    assert (await fails("--pin", "123"))[0] == 4
    tv.does.bad_mac = True
    status, told = await fails("--pin", tv.does.pin)
    assert (status, "could not prove to be the display" in told) == (4, True)
    tv.does.refuse["pair.start"] = Refused(-32004, "Too many wrong PINs. Try again in 20 minutes.")
    assert await fails("--pin", tv.does.pin) == (6, "✗ Too many wrong PINs. Try again in 20 minutes.\n")
    async with cast(tmp_path, "pair", "127.0.0.1:1") as sender:
        assert await sender.ends() == 3
    assert "can't be reached" in sender.told


async def test_the_text_of_the_qr_code_pairs(tv: FakeBox, tmp_path: Path) -> None:
    tv.does.qr = bytes(range(16))
    async with cast(tmp_path, "pair", tv.url, "--qr", f"https://192.0.2.7:8443/#k={b64(tv.does.qr)}") as sender:
        assert await sender.ends() == 0
    assert tv.seen("pair.start")[0]["method"] == "qr"


async def test_another_key_is_warned_of(tv: FakeBox, tmp_path: Path) -> None:
    for _ in range(2):
        async with cast(tmp_path, "pair", tv.url, "--pin", tv.does.pin) as sender:
            assert await sender.ends() == 0
        assert "WARNING" not in sender.told
    tv.identity = ec.generate_private_key(ec.SECP256R1())
    async with cast(tmp_path, "pair", tv.url) as sender:
        await sender.says(r"WARNING: Living room \(tv-test-001a\) has another key.*\n +known +\S+\n +now +\S+")
        await sender.says("PIN on Living room")
        sender.interrupt()
        assert await sender.ends() == 130
