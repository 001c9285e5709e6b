"""What a hostile or broken sender gets that would pair: a refusal, never a crash, a hang or a session."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from receiver.trust.encoding import b64decode, b64encode
from receiver.trust.identity import Identity
from tests.peers.ddp_client import DdpClient, Refused
from tests.peers.display import FakeDisplay
from tests.peers.mallory import client_of


async def started(display: FakeDisplay) -> tuple[DdpClient, bytes]:
    client = await client_of(display)
    await client.hello()
    await client.request("pair.start", {"method": "pin"})
    return client, (await display.pin()).encode()


def flipped(text: str, bit: int) -> str:
    data = bytearray(b64decode(text, len(text) * 3 // 4, "test"))
    data[bit // 8] ^= 1 << bit % 8
    return b64encode(bytes(data))


@pytest.mark.parametrize("field", ["mac", "sig"])
@pytest.mark.parametrize("bit", [0, 100, 255])
async def test_one_flipped_bit_in_a_proof_does_not_pair(display: FakeDisplay, field: str, bit: int) -> None:
    client, pin = await started(display)
    async with client:
        keys, th, proof = await client.prove(pin)
        proof[field] = flipped(proof[field], bit)
        with pytest.raises(Refused) as refused:
            await client.confirm(keys, th, proof)
        assert refused.value.code == -32003
        with pytest.raises(Refused) as unpaired:
            await client.request("rtc.offer", {"sdp": "v=0"})
        assert unpaired.value.code == -32001
    assert len(display.devices) == 0


Spoil = Callable[[DdpClient], None]


def other_nonce(client: DdpClient) -> None:
    client.nonce = secrets.token_bytes(16)


def other_session(client: DdpClient) -> None:
    client.greeting["nonce"] = flipped(client.greeting["nonce"], 3)


def other_display(client: DdpClient) -> None:
    client.greeting["display_id"] += "x"


def other_key(client: DdpClient) -> None:
    client.greeting["jwk"] = Identity.generate().public.jwk


def own_other_key(client: DdpClient) -> None:
    client.identity = Identity.generate()


@pytest.mark.parametrize("spoil", [other_nonce, other_session, other_display, other_key, own_other_key])
async def test_what_was_altered_on_the_way_does_not_pair(display: FakeDisplay, spoil: Spoil) -> None:
    client, pin = await started(display)
    async with client:
        spoil(client)
        with pytest.raises(Refused) as refused:
            await client.confirm(*await client.prove(pin))
        assert refused.value.code == -32003


async def test_an_altered_share_does_not_pair(display: FakeDisplay) -> None:
    client, pin = await started(display)
    async with client:
        request = client.request

        async def altering(method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
            return await request(method, {"share": flipped(params["share"], 7)} if params else params)

        client.request = altering  # type: ignore[method-assign]
        attempt = await client.prove(pin)
        client.request = request  # type: ignore[method-assign]
        with pytest.raises(Refused):
            await client.confirm(*attempt)


@pytest.mark.parametrize("share", [bytes(32), bytes([1]) + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
async def test_a_low_order_share_is_refused(display: FakeDisplay, share: bytes) -> None:
    client, pin = await started(display)
    async with client:
        with pytest.raises(Refused) as refused:
            await client.request("pair.share", {"share": b64encode(share)})
        assert refused.value.code == -32602
        await client.confirm(*await client.prove(pin))


async def test_five_wrong_pins_take_it_off_the_tv(display: FakeDisplay) -> None:
    client, _ = await started(display)
    async with client:
        for left in (4, 3, 2, 1, 0):
            display.clock.skip(9)
            attempt = await client.prove(b"no digit")
            with pytest.raises(Refused) as refused:
                await client.confirm(*attempt)
            assert refused.value.data["tries_left"] == left
        assert display.signs.pin is None
        display.clock.skip(60)
        with pytest.raises(Refused) as gone:
            await client.prove(b"no digit")
        assert gone.value.code == -32003
        assert "new PIN" in gone.value.advice


async def test_a_pin_lives_two_minutes(display: FakeDisplay) -> None:
    client, pin = await started(display)
    async with client:
        attempt = await client.prove(pin)
        display.clock.skip(121)
        with pytest.raises(Refused) as refused:
            await client.confirm(*attempt)
        assert refused.value.code == -32003
        assert display.signs.pin is None or display.signs.pin.encode() != pin
        await client.request("pair.start", {"method": "pin"})
        await client.confirm(*await client.prove((await display.pin()).encode()))


async def test_twenty_wrong_pins_lock_the_display_but_not_its_qr_code(display: FakeDisplay) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        for _ in range(10):
            display.desk.secrets.tries.failed(address, display.clock.now())
    async with await client_of(display) as client:
        await client.hello()
        with pytest.raises(Refused) as refused:
            await client.request("pair.start", {"method": "pin"})
        assert refused.value.code == -32004
        assert 3590 <= refused.value.data["retry_after_s"] <= 3600
        assert "60 minutes" in refused.value.advice
        await client.request("pair.start", {"method": "qr"})
        await client.confirm(*await client.prove(b64decode(display.signs.secret, 16, "k")))


async def test_another_connection_does_not_clear_the_back_off(display: FakeDisplay) -> None:
    client, _ = await started(display)
    async with client:
        attempt = await client.prove(b"no digit")
        with pytest.raises(Refused):
            await client.confirm(*attempt)
    async with await client_of(display) as again:
        await again.hello()
        with pytest.raises(Refused) as refused:
            await again.request("pair.start", {"method": "pin"})
        assert refused.value.code == -32009


async def test_a_flood_of_pair_start_does_not_change_the_pin_on_the_tv(display: FakeDisplay) -> None:
    honest, pin = await started(display)
    async with honest, await client_of(display) as flood:
        await flood.hello()
        codes = set()
        for _ in range(20):
            try:
                await flood.request("pair.start", {"method": "pin"})
            except Refused as refused:
                codes.add(refused.code)
        assert codes == {-32009}
        assert display.signs.pin == pin.decode()
        await honest.confirm(*await honest.prove(pin))


async def test_the_pin_leaves_the_tv_with_the_last_who_asked(display: FakeDisplay) -> None:
    first, _ = await started(display)
    second, _ = await started(display)
    await first.close()
    await asyncio.sleep(0.1)
    assert display.signs.pin is not None
    await second.close()
    for _ in range(100):
        if display.signs.pin is None:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the PIN stayed")
