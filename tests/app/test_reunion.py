"""Later visits of a device that has paired: no PIN, no oracle, and nothing once it was revoked."""

import secrets

import pytest

from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity
from receiver.trust.pairing import REUNION
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire
from tests.peers.display import FakeDisplay


async def connected(display: FakeDisplay, identity: Identity | None = None, name: str = "Alice") -> DdpClient:
    return DdpClient(await WebSocketWire.connect(display.ws), identity, name)


async def paired(display: FakeDisplay) -> Identity:
    async with await connected(display) as client:
        await client.pair(display.pin)
        return client.identity


async def test_a_known_device_comes_back_without_a_pin(display: FakeDisplay) -> None:
    identity = await paired(display)
    async with await connected(display, identity, "Alice again") as client:
        token = await client.reunite()
        assert token["expires_in_s"] == 600
        assert display.signs.pin is None
        assert (await client.request("rtc.offer", {"sdp": "v=0"}))["stream"] == 7
    known = display.devices.get(identity.public.fingerprint)
    assert known is not None
    assert known.name == "Alice again"


async def test_strangers_and_impostors_get_the_same_words(display: FakeDisplay) -> None:
    """Asking tells nothing; only who holds a key learns whether that key is known."""
    identity = await paired(display)
    refusals = []
    for claimed, holds in [(Identity.generate(), True), (identity, False), (Identity.generate(), False)]:
        async with await connected(display, claimed) as client:
            await client.hello()
            keys, th, proof = await client.introduce()
            if not holds:
                proof["sig"] = b64encode(Identity.generate().sign(th))
            with pytest.raises(Refused) as refused:
                await client.confirm(keys, th, proof, "auth.confirm", REUNION)
            refusals.append((refused.value.code, refused.value.data))
    assert refusals == [refusals[0]] * 3
    assert refusals[0][0] == -32001
    assert "Pair again" in refusals[0][1]["advice"]


async def test_a_stranger_may_pair_on_the_same_connection(display: FakeDisplay) -> None:
    async with await connected(display) as client:
        await client.hello()
        attempt = await client.introduce()
        with pytest.raises(Refused):
            await client.confirm(*attempt, "auth.confirm", REUNION)
        await client.request("pair.start", {"method": "pin"})
        await client.confirm(*await client.prove((await display.pin()).encode()))
        assert await client.request("ddp.ping") == {}


async def test_proofs_do_not_serve_twice_nor_elsewhere(display: FakeDisplay) -> None:
    identity = await paired(display)
    async with await connected(display, identity) as first, await connected(display, identity) as second:
        await first.hello()
        await second.hello()
        attempt = await first.introduce()
        await second.introduce()
        with pytest.raises(Refused):
            await second.request("auth.confirm", attempt[2])
        await first.confirm(*attempt, "auth.confirm", REUNION)
        with pytest.raises(Refused) as refused:
            await second.request("auth.confirm", attempt[2])
        assert refused.value.code == -32602, "its exchange is void"


@pytest.mark.parametrize("share", [bytes(32), b"\x01" + bytes(31), (2**255 - 19).to_bytes(32, "little")])
async def test_a_share_of_low_order_is_refused(display: FakeDisplay, share: bytes) -> None:
    async with await connected(display) as client:
        await client.hello()
        with pytest.raises(Refused, match="low order"):
            await client.request("auth.start", {"share": b64encode(share)})


async def test_a_mac_of_another_exchange_does_not_pass(display: FakeDisplay) -> None:
    identity = await paired(display)
    async with await connected(display, identity) as client:
        await client.hello()
        keys, th, proof = await client.introduce()
        proof["mac"] = b64encode(secrets.token_bytes(32))
        with pytest.raises(Refused) as refused:
            await client.confirm(keys, th, proof, "auth.confirm", REUNION)
        assert refused.value.code == -32001


async def test_revoking_closes_the_sockets_at_once_and_the_way_back(display: FakeDisplay) -> None:
    identity = await paired(display)
    async with await connected(display, identity) as client:
        await client.reunite()
        await client.request("rtc.offer", {"sdp": "v=0"})
        assert display.desk.revoke(identity.public.fingerprint)
        closed = await client.close_code()
        assert (closed.code, "revoked" in closed.reason) == (4002, True)
    assert display.stagehand.caster is None
    assert len(display.sessions) == 0
    async with await connected(display, identity) as client:
        with pytest.raises(Refused) as refused:
            await client.reunite()
        assert refused.value.code == -32001
