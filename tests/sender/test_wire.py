"""What both ends can do is settled on the handshake, with a real display."""

import pytest

from scripts.sender import wire
from scripts.sender.errors import NotFound, Refused
from tests.peers.box import Box


async def test_the_handshake_tells_what_both_can_do(tv: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    status = await tv.status()
    url = f"ws://127.0.0.1:{status['port']}/"
    agreed = await wire.reach(url)
    agreed.agree()
    await agreed.close()

    monkeypatch.setattr(wire, "CAPABILITY", wire.CAPABILITY.replace('"H264" "VP8"', '"THEORA"'))
    with pytest.raises(Refused, match="offers no codecs that this display has") as refused:
        await wire.reach(url)
    assert refused.value.code == -32010
    assert refused.value.data["offered"] == ["THEORA"]

    with pytest.raises(NotFound, match="not a display"):
        await wire.reach(f"{url}healthz")
