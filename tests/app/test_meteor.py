"""Who may do what at ``/websocket``, and what hostile clients get there."""

import asyncio
import contextlib
import hashlib
import json
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from receiver.app.meteor_login import login_text
from receiver.trust import tokens
from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity
from tests.peers.ddp_client import trusting
from tests.peers.display import DISPLAY_ID, FakeDisplay

ELSEWHERE = {"X-Forwarded-For": "192.0.2.9"}
"""As a proxy says it: the client is not on this machine."""


class Client:
    """A Meteor client, message by message."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.session = ""

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self, *kinds: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
            if message["msg"] in kinds or not kinds:
                return message

    async def begin(self) -> "Client":
        await self.say(msg="connect", version="1", support=["1"])
        self.session = (await self.hear("connected"))["session"]
        return self

    async def sub(self, name: str) -> dict[str, Any]:
        await self.say(msg="sub", id=name, name=name, params=[])
        return await self.hear("ready", "nosub")

    async def call(self, name: str, *params: Any) -> dict[str, Any]:
        await self.say(msg="method", id="m", method=name, params=params)
        return await self.hear("result")

    async def close_code(self) -> tuple[int, str]:
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await self.socket.recv()
        return self.socket.close_code or 0, self.socket.close_reason or ""


async def opened(display: FakeDisplay, headers: dict[str, str] | None = None, tls: bool = False) -> Client:
    address = display.wss if tls else display.ws
    secure = trusting() if tls else None
    return Client(await connect(f"{address}websocket", additional_headers=headers, ssl=secure, proxy=None))


async def elsewhere(display: FakeDisplay) -> Client:
    return await (await opened(display, ELSEWHERE, tls=True)).begin()


async def test_a_program_on_this_machine_may_what_a_paired_sender_may(display: FakeDisplay) -> None:
    client = await (await opened(display)).begin()
    for name in ("displays", "sessions", "streams", "settings", "rooms/x"):
        assert (await client.sub(name))["msg"] == "ready"
    assert (await client.call("publish", "x", 1))["result"] == {"reached": 1}
    assert (await client.sub("audit"))["error"]["error"] == -32002
    await client.socket.close()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_elsewhere_a_stranger_reads_what_discovery_tells_and_no_more(display: FakeDisplay, header: str) -> None:
    client = await (await opened(display, {header: "192.0.2.9"})).begin()
    assert (await client.sub("displays"))["msg"] == "ready"
    for name in ("sessions", "streams", "settings", "rooms/x", "audit"):
        refused = await client.sub(name)
        assert refused["error"]["error"] == -32001
    assert (await client.call("publish", "x", 1))["error"]["error"] == -32001
    await client.socket.close()


# ---- login


class Device:
    """A paired device, and what it logs in with."""

    def __init__(self, display: FakeDisplay, client: Client) -> None:
        self.identity, self.session = Identity.generate(), client.session
        desk = display.desk
        desk.remember(self.identity.public, "Anna's script")
        self.token = tokens.issue(desk.display.identity, DISPLAY_ID, self.identity.public, "j", "cast", desk.wall_s)
        tls = client.socket.transport.get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        certificate = tls.getpeercert(binary_form=True)
        assert certificate is not None
        self.certificate = hashlib.sha256(certificate).digest()
        self.jwk = self.identity.public.jwk

    def login(self) -> dict[str, Any]:
        proof = self.identity.sign(login_text(self.session, self.certificate, self.token))
        return {"resume": self.token, "jwk": self.jwk, "proof": b64encode(proof)}


async def test_a_device_that_proves_its_key_may_what_its_token_says(display: FakeDisplay) -> None:
    client = await elsewhere(display)
    device = Device(display, client)
    answer = await client.call("login", device.login())
    assert answer["result"]["id"] == device.identity.public.fingerprint
    assert answer["result"]["tokenExpires"]["$date"] > time.time() * 1000
    assert (await client.hear("updated"))["methods"] == ["m"]
    assert (await client.sub("sessions"))["msg"] == "ready"
    await client.socket.close()


def other_session(display: FakeDisplay, device: Device) -> None:
    device.session = b64encode(bytes(16))


def other_certificate(display: FakeDisplay, device: Device) -> None:
    """Somebody in between passes the proof on: the client has met that one's certificate."""
    device.certificate = bytes(32)


def other_key(display: FakeDisplay, device: Device) -> None:
    """A stolen token."""
    device.identity = Identity.generate()
    device.jwk = device.identity.public.jwk
    display.desk.remember(device.identity.public, "Thief")


def own_token(display: FakeDisplay, device: Device) -> None:
    device.token = tokens.issue(device.identity, DISPLAY_ID, device.identity.public, "j", "cast", int(time.time()))


def old_token(display: FakeDisplay, device: Device) -> None:
    then = int(time.time()) - tokens.LIFE_S - 1
    device.token = tokens.issue(display.desk.display.identity, DISPLAY_ID, device.identity.public, "j", "cast", then)


def forgotten(display: FakeDisplay, device: Device) -> None:
    display.devices.forget(device.identity.public.fingerprint)


@pytest.mark.parametrize("spoil", [other_session, other_certificate, other_key, own_token, old_token, forgotten])
async def test_a_login_that_proves_nothing_gives_nothing(
    display: FakeDisplay, spoil: Callable[[FakeDisplay, Device], None]
) -> None:
    client = await elsewhere(display)
    device = Device(display, client)
    spoil(display, device)
    answer = await client.call("login", device.login())
    assert answer["error"]["error"] == -32001
    assert (await client.sub("sessions"))["error"]["error"] == -32001
    await client.socket.close()


@pytest.mark.parametrize(
    "params", [[], [1], [{}], [{"resume": "x"}], [{"resume": "x", "jwk": {}, "proof": "", "x": 1}], [{}, {}]]
)
async def test_a_login_must_fit(display: FakeDisplay, params: list[Any]) -> None:
    client = await elsewhere(display)
    assert (await client.call("login", *params))["error"]["error"] == -32602
    await client.socket.close()


async def test_a_token_is_not_taken_in_the_clear(display: FakeDisplay) -> None:
    client = await (await opened(display, ELSEWHERE)).begin()
    answer = await client.call("login", {"resume": "x", "jwk": {}, "proof": ""})
    assert "wss" in answer["error"]["reason"]
    await client.socket.close()


async def test_revoking_a_device_closes_its_connection(display: FakeDisplay) -> None:
    client = await elsewhere(display)
    device = Device(display, client)
    assert "result" in await client.call("login", device.login())
    await client.sub("sessions")
    display.devices.forget(device.identity.public.fingerprint)
    code, reason = await client.close_code()
    assert code == 4002
    assert "revoked" in reason


# ---- hostile clients


async def test_another_sites_page_gets_no_connection(display: FakeDisplay) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(display, {"Origin": "https://evil.example"})
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("not json", 1002),
        (b"\x00", 1002),
        ('{"msg":"sub","id":"a","name":"displays"}', 1002),
        ("[" * 60_000, 1002),
        ("x" * 70_000, 1009),
        ('{"msg":"connect","version":"9","support":["9"]}', 1000),
    ],
)
async def test_a_bad_beginning_ends_with_a_sentence(display: FakeDisplay, first: str | bytes, code: int) -> None:
    client = await opened(display)
    await client.socket.send(first)
    closed, reason = await client.close_code()
    assert closed == code
    assert reason.strip()


async def test_other_versions_are_told_ours(display: FakeDisplay) -> None:
    client = await opened(display)
    await client.say(msg="connect", version="2", support=["2", "pre2"])
    assert await client.hear() == {"msg": "failed", "version": "pre2"}
    assert (await client.close_code())[0] == 1000


async def test_silence_is_ended_after_three_seconds(display: FakeDisplay) -> None:
    assert (await (await opened(display)).close_code())[0] == 4001


@pytest.mark.parametrize("message", ["{", '{"msg":"fly"}', '{"msg":"connect","version":"1","support":[]}', b"\x00"])
async def test_nonsense_later_is_answered_and_survived(display: FakeDisplay, message: str | bytes) -> None:
    client = await (await opened(display)).begin()
    await client.socket.send(message)
    assert (await client.hear())["msg"] == "error"
    await client.say(msg="ping", id="x")
    assert await client.hear() == {"msg": "pong", "id": "x"}
    await client.socket.close()


async def test_a_flood_of_subscriptions_is_refused_not_stored(display: FakeDisplay) -> None:
    client = await (await opened(display)).begin()
    for number in range(400):
        await client.say(msg="sub", id=str(number), name="rooms/x", params=[])
    await client.say(msg="ping", id="end")
    refused = 0
    while (message := await client.hear())["msg"] != "pong":
        refused += message["msg"] == "nosub"
    assert refused >= 400 - 32
    await client.socket.close()


async def test_an_unknown_subscription_ends_with_nosub(display: FakeDisplay) -> None:
    client = await (await opened(display)).begin()
    await client.say(msg="unsub", id="never")
    assert (await client.hear("nosub"))["id"] == "never"
    await client.socket.close()
