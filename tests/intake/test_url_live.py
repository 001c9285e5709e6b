"""A real intake process plays live streams of FFmpeg's, over RTSP, RTMP and SRT."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from receiver.media import EncodedFrame
from tests.peers import films
from tests.peers.rtsp_server import RtspServer
from tests.peers.url_intake import Player, url_intake
from tests.peers.url_servers import ffmpeg, free_port


@pytest.fixture
async def player() -> AsyncIterator[Player]:
    async with url_intake() as player:
        yield player


@pytest.fixture
async def rtsp() -> AsyncIterator[RtspServer]:
    server = await RtspServer().start()
    yield server
    await server.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.make(tmp_path_factory.mktemp("live") / "film.mkv", 8, b_frames=0)


def playing(film: Path, *output: str) -> list[str]:
    """FFmpeg's arguments to send the film as if it were live."""
    return ["-re", "-i", str(film), "-c", "copy", *output]


def captured(frame: EncodedFrame) -> int:
    assert frame.capture_ns is not None
    return frame.capture_ns


async def plays_evenly(player: Player, seconds: float = 2.0) -> None:
    """Pictures in order, in time, with sound."""
    began = await player.state("playing")
    assert began.duration_ms is None
    assert not began.seekable
    await player.until(lambda: len(player.of("video")) > 1.5 * films.FPS)  # what came while it was looked into
    first = len(player.of("video"))
    await player.until(lambda: len(player.of("video")) > first + seconds * films.FPS)
    numbers = player.numbers()
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    times = [captured(frame) for _, frame in player.of("video")[first:]]
    steps = np.diff(times) / 1e6
    assert np.median(steps) == pytest.approx(1000 / films.FPS, abs=3)
    sound = [frame for _, frame in player.of("audio")]
    assert len(sound) > 40
    assert sound[-1].codec == "AAC"


async def test_rtsp(player: Player, rtsp: RtspServer, film: Path) -> None:
    async with ffmpeg(*playing(film, "-f", "rtsp", "-rtsp_transport", "tcp", rtsp.url)):
        player.open(rtsp.url)
        await plays_evenly(player)
    assert any(asked.startswith("SETUP") for asked in rtsp.asked)


async def test_an_rtsp_server_may_not_send_us_elsewhere(player: Player, rtsp: RtspServer) -> None:
    other = await RtspServer().start()
    rtsp.redirect = other.url
    player.open(rtsp.url)
    assert "sends us to another address" in (await player.state("failed")).reason
    assert not other.asked
    await other.close()


async def test_a_lost_broadcast_is_asked_for_again(player: Player, rtsp: RtspServer, film: Path) -> None:
    async with ffmpeg(*playing(film, "-f", "rtsp", "-rtsp_transport", "tcp", rtsp.url)):
        player.open(rtsp.url)
        await player.state("playing")
        await player.until(lambda: len(player.of("video")) > 20)
        rtsp.hang_up()
        assert "Trying to go on" in (await player.state("reconnecting")).reason
        await player.until(lambda: [state.state for state in player.states()].count("playing") > 1)
        await player.until(lambda: sum(frame.discontinuity for _, frame in player.of("video")) == 2)
        assert all(frame.keyframe for _, frame in player.of("video") if frame.discontinuity)


async def test_rtmp_where_the_sender_has_no_webrtc(player: Player, film: Path) -> None:
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/key"
    async with ffmpeg(*playing(film, "-f", "flv", "-listen", "1", url)):
        await listening(port)
        player.open(url)
        await plays_evenly(player)


async def test_srt(player: Player, film: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    output = f"srt://127.0.0.1:{port}?mode=listener&passphrase=correct horse&latency=120000"
    async with ffmpeg(*playing(film, "-f", "mpegts", output)):
        player.open(f"srt://127.0.0.1:{port}?passphrase=correct%20horse&latency=120")
        await plays_evenly(player)


async def test_srt_with_a_wrong_passphrase(player: Player, film: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with ffmpeg(*playing(film, "-f", "mpegts", f"srt://127.0.0.1:{port}?mode=listener&passphrase=correct horse")):
        player.open(f"srt://127.0.0.1:{port}?passphrase=wrong+horse+")
        assert "Check the passphrase" in (await player.state("failed")).reason


async def test_forbidden_addresses_are_not_spoken_to(player: Player) -> None:
    heard: list[bytes] = []
    server = await asyncio.start_server(lambda reader, writer: heard.append(b""), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        player.open(f"rtsp://localhost:{port}/", allow=())
        assert "this display itself" in (await player.state("failed")).reason
    assert not heard


async def listening(port: int) -> None:
    """FFmpeg's RTMP server serves one connection, so nobody may knock: look into the kernel's list."""
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    for _ in range(500):
        if wanted in Path("/proc/net/tcp").read_text():
            return
        await asyncio.sleep(0.02)
