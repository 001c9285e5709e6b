"""Commands as senders give them, over a real connection to the real desk."""

from receiver.ddp.commands import COMMANDS
from tests.peers.ddp_client import refused
from tests.peers.display import STREAM, FakeDisplay, paired


async def test_a_sender_gives_commands_to_its_stream(display: FakeDisplay) -> None:
    async with await paired(display, "Ada") as ada:
        await ada.request("rtc.offer", {"sdp": "v=0"})
        assert await ada.request("display.rotate", {"degrees": 90}) == {"stream": STREAM, "degrees": 90}
        assert await ada.request("display.volume", {"level": 0}) == {"stream": STREAM, "level": 0}
        wrong = await refused(ada, "display.volume", {"level": 11})
        assert wrong.code == -32602
        assert "level of volume takes a number from 0 to 1" in wrong.advice
        assert (await refused(ada, "display.explode")).code == -32601
        for verb in COMMANDS:
            assert (await refused(ada, f"display.{verb}", {"no such": 1})).code == -32602


async def test_a_viewer_controls_no_more_than_its_own(display: FakeDisplay) -> None:
    async with await paired(display, "Ada") as ada, await paired(display, "Bea") as bea:
        await ada.request("rtc.offer", {"sdp": "v=0"})
        assert (await refused(bea, "display.power", {"on": False})).code == -32002
        assert (await refused(bea, "display.pause", {"stream": STREAM})).code == -32002
        assert await ada.request("display.layout", {"layout": "grid"}) == {"layout": "grid", "focus": None}
