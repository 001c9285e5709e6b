"""The devices command, over a real admin socket, with a sender connected."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from receiver.__main__ import main
from receiver.admin import SOCKET_NAME
from receiver.app.admin import AdminServer
from receiver.app.devices import Devices
from receiver.app.screen import Screen
from tests.peers.ddp_client import DdpClient
from tests.peers.display import FakeDisplay, fake_display

Run = Callable[..., Coroutine[Any, Any, tuple[int, str, str]]]


@pytest.fixture
async def display(tmp_path: Path) -> AsyncIterator[FakeDisplay]:
    (tmp_path / "web").mkdir()
    async with fake_display(tmp_path / "state", tmp_path / "web") as running:
        yield running


@pytest.fixture
async def devices(
    display: FakeDisplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Run]:
    """Runs ``ddp-receiver devices`` with arguments; its status, output and errors."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    answer = Devices(display.devices, display.desk, display.sessions).answer
    admin = AdminServer(tmp_path / SOCKET_NAME, cast(Screen, None), dict, answer, cast(Any, None))
    admin.start()

    async def run(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["devices", *arguments])
        output = capsys.readouterr()
        return status, output.out, output.err

    yield run
    await admin.close()


async def test_a_device_is_listed_named_and_revoked(display: FakeDisplay, devices: Run) -> None:
    assert (await devices())[1] == "No device has paired yet.\n"
    async with await DdpClient.connect(display.ws, name="Alice's laptop") as client:
        await client.pair(display.pin)
        fingerprint = client.identity.public.fingerprint
        _, listed, _ = await devices("list")
        assert fingerprint[:8] in listed
        assert "Alice's laptop" in listed
        assert "connected" in listed

        assert await devices("name", fingerprint[:8], "Meeting laptop") == (
            0,
            "Alice's laptop is now called Meeting laptop.\n",
            "",
        )
        assert display.desk.remember(client.identity.public, "Alice's laptop") == "Meeting laptop"
        (row,) = json.loads((await devices("--json"))[1])
        assert (row["id"], row["name"]) == (fingerprint, "Meeting laptop")

        assert row["role"] == "owner", "it was the first"
        assert (await devices("role", fingerprint[:8], "moderator"))[1] == "Meeting laptop is now a moderator.\n"
        device = display.devices.get(fingerprint)
        assert device is not None
        assert device.role == "moderator"

        status, said, _ = await devices("revoke", fingerprint)
        assert (status, said) == (0, "Meeting laptop must pair again. Its connection was closed.\n")
        assert (await client.close_code()).code == 4002
    assert len(display.devices) == 0


@pytest.mark.parametrize("arguments", [("revoke", "AAAA"), ("name", "", "New"), ("revoke", "")])
async def test_an_unknown_device_is_said(devices: Run, arguments: tuple[str, ...]) -> None:
    status, _, error = await devices(*arguments)
    assert status == 1
    assert "No device's ID begins with" in error


async def test_a_name_that_can_not_be_shown_is_said(display: FakeDisplay, devices: Run) -> None:
    display.devices.pin("A" * 43, "Alice", 1)
    display.devices.pin("A" * 42 + "B", "Bob", 2)
    assert "Give more" in (await devices("name", "AAA", "Carol"))[2]
    assert "characters" in (await devices("name", "A" * 43, " "))[2]
