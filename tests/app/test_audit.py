"""The audit log of a running display: what it holds, and what it never may."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from receiver.__main__ import main
from receiver.app.audit_desk import AuditDesk
from receiver.trust.audit_file import NAME, read
from receiver.trust.encoding import b64encode
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire
from tests.peers.display import FakeDisplay
from tests.peers.native_client import NativeClient


@pytest.fixture
async def audit(display: FakeDisplay, tmp_path: Path) -> AsyncIterator[AuditDesk]:
    desk = AuditDesk(tmp_path / "state", display.clock)
    display.desk.record = display.desk.commands.record = desk.record
    display.desk.data.server.sources["audit"] = desk.documents
    running = asyncio.create_task(desk.run())
    yield desk
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await desk.close()


async def test_it_tells_the_life_of_a_device_and_no_secret(
    display: FakeDisplay, audit: AuditDesk, tmp_path: Path
) -> None:
    async with await DdpClient.connect(display.ws, name="Alice's laptop") as client:
        client.numbered = True
        await client.hello()
        await client.request("pair.start", {"method": "pin"})
        pin = await display.pin()
        wrong = "87654321" if pin != "87654321" else "12345678"
        with pytest.raises(Refused):
            await client.confirm(*await client.prove(wrong.encode()))
        display.clock.skip(2)
        await client.confirm(*await client.prove(pin.encode()))
        await client.notification("session.token")
        native = NativeClient(client, f"http://127.0.0.1:{display.port}")
        made = native.make("GET", "/api/status", b"")
        for _ in range(2):
            await asyncio.to_thread(native.send, "GET", "/api/status", None, made)
        async with await client.resume(await WebSocketWire.connect(display.ws)) as resumed:
            await resumed.notification("session.token")
            secrets = [pin, wrong, display.signs.secret, client.token, resumed.token, made["DPoP"], made["X-Auth"]]
            for keys, jti in ((client.keys, client.jti), (resumed.keys, resumed.jti)):
                assert keys is not None
                for label in ("sig c2s", "auth c2s", "auth s2c", "resume"):
                    key = keys.key(label, jti)
                    secrets += [key.hex(), b64encode(key)]
    async with DdpClient(await WebSocketWire.connect(display.ws), client.identity, "Alice, at home") as again:
        await again.reunite()
    async with DdpClient(await WebSocketWire.connect(display.ws), name="Mallory") as stranger:
        with pytest.raises(Refused):
            await stranger.reunite()
    fingerprint = client.identity.public.fingerprint
    display.desk.revoke(fingerprint)
    await audit.close()

    path = tmp_path / "state" / NAME
    entries = list(read(tmp_path / "state"))
    told = [(entry.event, entry.who, entry.details.get("why", entry.details.get("by"))) for entry in entries]
    assert told == [
        ("refused", "Alice's laptop", "pairing failed"),
        ("paired", "Alice's laptop", "pin"),
        ("refused", "Alice's laptop", "replay"),
        ("resumed", "Alice's laptop", None),
        ("returned", "Alice, at home", None),
        ("refused", "Mallory", "unauthenticated"),
        ("revoked", "Alice, at home", None),
    ]
    assert {entry.device for entry in entries if entry.event != "refused"} == {fingerprint}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    for secret in secrets:
        assert secret not in text
    pem = (tmp_path / "state" / "identity.pem").read_text()
    assert not [line for line in pem.splitlines()[1:-1] if line in text]


async def test_owners_may_follow_it_and_others_may_not(display: FakeDisplay, audit: AuditDesk) -> None:
    async with (
        await DdpClient.connect(display.ws, name="Alice's laptop") as owner,
        await DdpClient.connect(display.ws, name="Bob's phone") as viewer,
    ):
        await owner.pair(display.pin)
        await viewer.pair(display.pin)
        with pytest.raises(Refused) as refused:
            await viewer.request("data.sub", {"id": "1", "name": "audit", "params": []})
        assert refused.value.code == -32002
        await owner.request("data.sub", {"id": "1", "name": "audit", "params": []})
        names: set[str] = set()
        while names != {"Alice's laptop", "Bob's phone"}:
            added = await owner.notification("data.added")
            assert added["fields"]["event"] == "paired"
            names.add(added["fields"]["who"])


async def test_a_flood_of_refusals_fills_neither_memory_nor_disk(audit: AuditDesk, tmp_path: Path) -> None:
    for _ in range(50_000):
        audit.record("refused", "Mallory", why="replay")
    await audit.close()
    assert (tmp_path / "state" / NAME).stat().st_size < 10_000


async def test_a_disk_that_refuses_costs_the_entries_alone(
    audit: AuditDesk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state" / NAME
    path.mkdir()
    audit.record("paired", "Alice's laptop")
    await audit.close()
    assert "entries of the audit log are lost, 1 by now" in caplog.text
    path.rmdir()
    audit.record("returned", "Alice's laptop")
    await audit.close()
    entries = list(read(tmp_path / "state"))
    assert [entry.event for entry in entries] == ["log mended", "returned"]
    assert entries[0].details == {"entries lost": 1}


async def test_the_command_line_prints_and_verifies_it(
    audit: AuditDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["audit", *arguments])
        output = capsys.readouterr()
        return status, output.out, output.err

    assert run("--verify") == (0, "The audit log has no entries yet.\n", "")
    audit.record("paired", "Alice's laptop", "AbCdEfGhIjKl", by="pin")
    audit.record("refused", "\x1b[2JMallory", why="replay")
    await audit.close()
    path = tmp_path / "state" / NAME
    status, printed, _ = run()
    assert status == 0
    assert "paired            Alice's laptop (AbCdEfGh)  by pin\n" in printed
    assert "\x1b" not in printed
    assert [json.loads(line)["event"] for line in run("--json")[1].splitlines()] == ["paired", "refused"]
    status, printed, _ = run("--verify")
    assert (status, printed[:42]) == (0, "Entries 1 to 2 are whole and in order. The")
    path.write_bytes(path.read_bytes().replace(b'"by":"pin"', b'"by":"qr"'))
    status, _, error = run("--verify")
    assert status == 1
    assert (
        error
        == f"ddp-receiver: Line 1 of {path} breaks the chain: it was altered: its hash does not fit what it says.\n"
    )
