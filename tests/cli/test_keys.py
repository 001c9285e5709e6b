"""The keys command, over a real admin socket."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from receiver.__main__ import main
from receiver.admin import SOCKET_NAME
from receiver.app.admin import AdminServer
from receiver.app.keys_desk import KeysDesk
from receiver.app.screen import Screen
from receiver.trust.stream_keys import StreamKeys

Run = Callable[..., Coroutine[Any, Any, tuple[int, str, str]]]
CERTIFICATE = hashlib.sha256(b"certificate").digest()


@pytest.fixture
async def desk(tmp_path: Path) -> KeysDesk:
    desk = KeysDesk(StreamKeys(tmp_path), lambda: 1_800_000_000)
    desk.address, desk.certificate = lambda: "https://192.0.2.7:8443/whip", lambda: CERTIFICATE
    return desk


@pytest.fixture
async def keys(
    desk: KeysDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Run]:
    """Runs ``ddp-receiver keys`` with arguments; its status, output and errors."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    admin = AdminServer(tmp_path / SOCKET_NAME, cast(Screen, None), dict, cast(Any, None), desk.answer)
    admin.start()

    async def run(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["keys", *arguments])
        output = capsys.readouterr()
        return status, output.out, output.err

    yield run
    await admin.close()


async def test_a_key_is_made_listed_and_revoked(desk: KeysDesk, keys: Run) -> None:
    happened: list[tuple[Any, ...]] = []
    ended: list[str] = []
    desk.record = lambda event, who="", device="", **details: happened.append((event, who, details))
    desk.on_revoked = ended.append
    assert (await keys())[1].startswith("There is no stream key.")
    _, made, _ = await keys("make", "OBS in the studio", "--days", "7")
    assert "https://192.0.2.7:8443/whip" in made
    assert CERTIFICATE.hex(":").upper() in made
    found = re.search(r"ddp_[\w-]{22}", made)
    assert found is not None
    text = found[0]
    _, listed, _ = await keys("list")
    (row,) = json.loads((await keys("--json"))[1])
    assert row["expires"] - row["made"] == 7 * 86_400
    assert row["id"] in listed
    assert "never" in listed
    assert text not in listed + json.dumps(row)
    assert await keys("revoke", row["id"]) == (0, "OBS in the studio can't be used any more.\n", "")
    assert ended == [row["id"]]
    assert [event for event, *_ in happened] == ["stream key made", "stream key revoked"]
    assert text not in str(happened)


async def test_what_can_not_be_is_said(keys: Run) -> None:
    assert "no stream key" in (await keys("revoke", "0123abcd"))[2]
    assert "1 to 366 days" in (await keys("make", "Camera", "--days", "0"))[2]
    assert "characters" in (await keys("make", " "))[2]
