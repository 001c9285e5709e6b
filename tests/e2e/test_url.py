"""Somebody pairs, and casts a film by its address: the TV fetches it, plays, holds, winds and ends it."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from receiver.link import TapPicture
from tests.peers import films
from tests.peers.box import CONFIG, box, collect
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire
from tests.peers.url_servers import ffmpeg, free_port, web

ALLOWING = CONFIG + '\n[cast]\nallow = ["127.0.0.0/8"]\n'


async def test_a_film_by_its_address_is_on_the_tv(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    films.make(folder / "film.mp4", 20)
    async with box(tmp_path, config=ALLOWING) as tv:
        port = (await tv.status())["port"]
        with web(folder) as server:
            async with DdpClient(await WebSocketWire.connect(f"ws://127.0.0.1:{port}/"), name="Ada") as ada:
                await ada.pair(tv.pin)
                cast = await ada.request("display.cast", {"url": server.url("film.mp4")})
                assert cast["state"] == "preparing"
                assert (await ada.notification("session.state"))["state"] == "live"
                stats = await ada.notification("display.stats")
                assert stats["duration_s"] == pytest.approx(20, abs=0.1)
                assert stats["seekable"]
                async with tv.tap() as tap:
                    before = [films.number(_luma(one)) for one in await collect(tap, 1) if isinstance(one, TapPicture)]
                    assert before == sorted(before)
                    assert (await ada.request("display.pause"))["state"] == "paused"
                    await ada.request("display.seek", {"position_s": 8})
                    assert (await ada.request("display.play"))["state"] == "playing"
                    after = [films.number(_luma(one)) for one in await collect(tap, 2) if isinstance(one, TapPicture)]
                assert 8 * films.FPS <= after[-1] <= 11 * films.FPS
                assert (await tv.status())["casts"][0]["sender"] == "Ada"
                assert (await ada.request("display.stop"))["state"] == "stopped"
                assert not (await tv.status())["casts"]
                with pytest.raises(Refused, match="HTTP status 404"):
                    await ada.request("display.cast", {"url": server.url("none.mp4")})
                with pytest.raises(Refused, match="link-local"):
                    await ada.request("display.cast", {"url": "http://169.254.169.254/latest/meta-data/"})


async def test_a_sender_without_webrtc_has_its_screen_pulled_from_where_it_publishes(tmp_path: Path) -> None:
    """DDP.md section 1: it offers no codec, only ``display=(cast)``, and FFmpeg is the origin that it publishes to."""
    film = films.make(tmp_path / "screen.mkv", 20, b_frames=0)
    port = free_port()
    origin = f"rtmp://127.0.0.1:{port}/live/key"
    async with (
        box(tmp_path, config=ALLOWING) as tv,
        ffmpeg("-re", "-i", str(film), "-c", "copy", "-f", "flv", "-listen", "1", origin),
    ):
        wire = await WebSocketWire.connect(f"ws://127.0.0.1:{(await tv.status())['port']}/")
        async with DdpClient(wire, name="Encoder", capability="ddp=2.1, display=(cast), pair=(cpace)") as encoder:
            await encoder.pair(tv.pin)
            assert "display=(cast)" in encoder.greeting["capability"]
            cast = None
            while cast is None:
                with contextlib.suppress(Refused):  # FFmpeg does not listen yet
                    cast = await encoder.request("display.cast", {"url": origin})
            assert cast["end_to_end"] is False
            assert (await encoder.notification("session.state"))["state"] == "live"
            async with tv.tap() as tap:
                shown = [films.number(_luma(one)) for one in await collect(tap, 2) if isinstance(one, TapPicture)]
            assert len(shown) > films.FPS
            assert shown == sorted(shown)
            await encoder.request("data.sub", {"id": "a", "name": "streams"})
            document = (await encoder.notification("data.added"))["fields"]
            assert (document["sender"], document["end_to_end"]) == ("Encoder", False)


def _luma(tap: TapPicture) -> np.ndarray:
    row = np.frombuffer(tap.luma, np.uint8)
    return row.reshape(-1, films.WIDTH)
