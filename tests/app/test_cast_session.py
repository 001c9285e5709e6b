"""Hello to bye over a real server with real WebSocket clients."""

import asyncio
import logging
import re
from types import SimpleNamespace
from typing import Any, cast

import jwt
import pytest

from receiver.app.casting import Casting
from receiver.app.intakes import OfferRefused
from receiver.app.screen import Screen
from receiver.app.url_casting import Reach
from receiver.errors import PeerError, ReceiverError
from receiver.trust.encoding import b64decode, b64encode
from receiver.trust.pins import hint_of
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire, trusting
from tests.peers.display import DISPLAY_ID, STREAM, FakeDisplay
from tests.peers.h2_wire import H2Wire


async def connected(display: FakeDisplay, how: str, name: str = "Alice's laptop") -> DdpClient:
    match how:
        case "http/1.1":
            return DdpClient(await WebSocketWire.connect(display.ws), name=name)
        case "tls":
            return DdpClient(await WebSocketWire.connect(display.wss, trusting()), name=name)
        case _:
            return DdpClient(await H2Wire.connect(display.tls_port, trusting()), name=name)


@pytest.mark.parametrize("how", ["http/1.1", "tls", "http/2"])
async def test_a_sender_pairs_casts_and_says_goodbye(display: FakeDisplay, how: str) -> None:
    async with await connected(display, how) as client:
        token = await client.pair(display.pin)
        assert display.signs.pin is None, "a used PIN leaves the TV"
        claims = jwt.decode(token["token"], options={"verify_signature": False})
        assert (claims["iss"], claims["sub"]) == (DISPLAY_ID, client.identity.public.fingerprint)
        assert token["expires_in_s"] == 600

        assert await client.request("rtc.offer", {"sdp": "v=0"}) == {"sdp": "answer to v=0", "stream": 7}
        await client.notify("rtc.candidate", {"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0})
        assert await client.request("ddp.ping") == {}
        assert display.stagehand.log[1] == ("candidate", "", "0", 0)

        peer = display.stagehand.caster
        assert peer is not None
        assert peer.sender_name == "Alice's laptop"
        peer.on_state("live", "")
        assert await client.notification("session.state") == {"state": "live", "reason": ""}
        peer.on_stats({"fps": 30.0})
        assert await client.notification("display.stats") == {"fps": 30.0}

        assert await client.request("display.pause") == {"state": "paused"}
        assert await client.request("display.play") == {"state": "playing"}
        assert await client.request("display.stop") == {"state": "stopped"}
        await client.notify("ddp.bye", {"reason": "done"})
        assert (await client.close_code()).code == 1000
    known = display.devices.get(client.identity.public.fingerprint)
    assert known is not None
    assert known.name == "Alice's laptop"


async def test_the_qr_secret_pairs_once(display: FakeDisplay) -> None:
    before = display.signs.secret
    async with await connected(display, "http/1.1") as client:
        await client.pair(b64decode(before, 16, "k"))
    assert display.signs.secret != before
    async with await connected(display, "http/1.1") as client:
        with pytest.raises(Refused) as refused:
            await client.pair(b64decode(before, 16, "k"))
        assert refused.value.code == -32003


async def test_a_wrong_pin_can_be_corrected(display: FakeDisplay) -> None:
    async with await connected(display, "http/1.1") as client:
        await client.hello()
        started = await client.request("pair.start", {"method": "pin"})
        assert started == {"method": "pin", "expires_in_s": 119, "tries_left": 5} | started
        pin = await display.pin()
        wrong = f"{(int(pin) + 1) % 10**8:08}"
        attempt = await client.prove(wrong.encode())
        with pytest.raises(Refused) as refused:
            await client.confirm(*attempt)
        assert refused.value.code == -32003
        assert refused.value.data["tries_left"] == 4
        assert "4 tries" in refused.value.advice
        with pytest.raises(Refused) as early:
            await client.prove(pin.encode())
        assert early.value.code == -32009
        display.clock.skip(early.value.data["retry_after_s"])
        await client.confirm(*await client.prove(pin.encode()))
        assert await client.request("ddp.ping") == {}


async def test_a_second_caster_is_told_who_casts(display: FakeDisplay) -> None:
    async with (
        await connected(display, "http/1.1", "Alice") as alice,
        await connected(display, "http/1.1", "Bob") as bob,
    ):
        await alice.pair(display.pin)
        await alice.request("rtc.offer", {"sdp": "a"})
        await bob.pair(display.pin)
        with pytest.raises(Refused) as refused:
            await bob.request("rtc.offer", {"sdp": "b"})
        assert refused.value.code == -32008
        assert refused.value.data["sender"] == "Alice"
        await alice.close()
        for _ in range(50):
            if display.stagehand.caster is None:
                break
            await asyncio.sleep(0.02)
        assert (await bob.request("rtc.offer", {"sdp": "b"}))["stream"] == 7


async def test_before_pairing_only_pairing_is_answered(display: FakeDisplay) -> None:
    async with await connected(display, "http/1.1") as client:
        await client.hello()
        assert await client.request("ddp.ping") == {}
        for method in ("rtc.offer", "display.stop", "no.such"):
            with pytest.raises(Refused) as refused:
                await client.request(method, {})
            assert refused.value.code == -32001


async def test_commands_out_of_turn_name_state_and_command(display: FakeDisplay) -> None:
    async with await connected(display, "http/1.1") as client:
        await client.pair(display.pin)
        for method, params, words in [
            ("display.pause", {}, "pause .* stopped"),
            ("pair.start", {"method": "pin"}, "start .* paired"),
            ("ddp.hello", {}, "hello .* paired"),
            ("display.dance", {}, "no method display.dance"),
        ]:
            with pytest.raises(Refused) as refused:
                await client.request(method, params)
            assert re.search(words, refused.value.advice)
        await client.notify("display.dance")
        await client.send({"id": "never asked", "result": {}})
        assert await client.request("display.stop") == {"state": "stopped"}


async def test_a_cast_that_ended_may_begin_again(display: FakeDisplay) -> None:
    async with await connected(display, "http/1.1") as client:
        await client.pair(display.pin)
        await client.request("rtc.offer", {"sdp": "v=0"})
        peer = display.stagehand.caster
        assert peer is not None
        peer.on_state("live", "")
        peer.on_state("reconnecting", "The network is interrupted.")
        peer.on_state("ended", "The path was lost.")
        with pytest.raises(Refused, match="stopped"):
            await client.request("display.pause")
        await client.request("rtc.offer", {"sdp": "v=1"})
        peer.on_state("live", "")
        assert await client.request("display.pause") == {"state": "paused"}


async def test_the_qr_code_changes_every_ten_minutes_and_its_elder_still_pairs(display: FakeDisplay) -> None:
    elder = b64decode(display.signs.secret, 16, "k")
    display.clock.skip(601)
    async with await connected(display, "http/1.1") as watcher, await connected(display, "http/1.1") as client:
        await watcher.hello()
        await watcher.request("pair.start", {"method": "pin"})  # wakes the desk, as its own timer would
        await client.hello()
        assert b64decode(display.signs.secret, 16, "k") != elder
        await client.request("pair.start", {"method": "qr", "hint": b64encode(hint_of(elder))})
        await client.confirm(*await client.prove(elder))
        assert await client.request("ddp.ping") == {}


async def test_no_secret_is_logged(display: FakeDisplay, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    code = display.signs.secret
    async with await connected(display, "http/1.1") as client:
        await client.hello()
        await client.request("pair.start", {"method": "pin"})
        pin = await display.pin()
        wrong = await client.prove(b"00000000")
        with pytest.raises(Refused):
            await client.confirm(*wrong)
        display.clock.skip(2)
        await client.confirm(*await client.prove(pin.encode()))
        token = await client.notification("session.token")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("receiver")]
    assert any("paired with" in line for line in ours)
    for secret in (pin, code, token["token"], wrong[0].secret.hex()):
        assert not any(secret in line for line in ours)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReceiverError("The screen is being started again. Try again in a few seconds."), -32603),
        (PeerError("The offer has no video."), -32602),
    ],
)
async def test_an_offer_that_fails_says_why(display: FakeDisplay, error: Exception, code: int) -> None:
    async with await connected(display, "http/1.1") as client:
        await client.pair(display.pin)
        display.stagehand.fails = error
        with pytest.raises(Refused) as refused:
            await client.request("rtc.offer", {"sdp": "v=0"})
        assert (refused.value.code, refused.value.advice) == (code, str(error))
        display.stagehand.fails = None
        await client.request("rtc.offer", {"sdp": "v=0"})


async def test_where_a_sender_is_awaited_over_quic(display: FakeDisplay) -> None:
    async with await DdpClient.connect(display.ws, name="Anna") as client:
        await client.pair(display.pin)
        there = await client.request("quic.open", {})
        assert (there["stream"], there["port"], there["path"]) == (STREAM, 4433, "/secret")
        assert there["codecs"] == [{"codec": "VP8", "payload_type": 96}, {"codec": "opus", "payload_type": 111}]
        assert display.stagehand.caster is not None
        assert display.stagehand.caster.media.state == "preparing"


async def test_quic_can_be_turned_off() -> None:
    casting = Casting(cast(Screen, SimpleNamespace()), Reach(), quic=False)
    with pytest.raises(OfferRefused, match="turned off"):
        await casting.quic(cast(Any, None))
