"""A real intake process plays real films from a real web server."""

import asyncio
import http.server
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from receiver.decode.broadcast_audio import BroadcastAudioDecoder
from receiver.link import StopIntake
from tests.peers import films
from tests.peers.url_intake import Player, url_intake
from tests.peers.url_servers import Web, web


@pytest.fixture
async def player() -> AsyncIterator[Player]:
    async with url_intake() as player:
        yield player


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Web]:
    with web(tmp_path) as server:
        yield server


async def test_an_mp4_plays_in_time_with_all_its_pictures_and_sound(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 3)
    player.open(server.url("film.mp4"))
    playing = await player.state("playing")
    assert playing.duration_ms == pytest.approx(3_000, abs=60)
    assert playing.seekable
    await player.state("ended")
    first, last = player.of("video")[0][0], player.of("video")[-1][0]
    assert last - first == pytest.approx(3 - 1 / films.FPS, abs=0.5)
    numbers = player.numbers()
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 3 * films.FPS - 3
    assert {frame.codec for _, frame in player.frames} == {"H264", "AAC"}
    decoder = BroadcastAudioDecoder("AAC")
    sound = np.concatenate([decoder.decode(frame) for _, frame in player.of("audio")])
    assert len(sound) == pytest.approx(3 * 48_000, abs=4_000)
    assert np.abs(sound[:, 0].astype(int)).max() > 8_000


async def test_a_pause_holds_and_play_goes_on_where_it_was(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 3)
    player.open(server.url("film.mp4"))
    await player.until(lambda: len(player.of("video")) > 20)
    player.command("pause")
    await player.state("paused")
    held = len(player.frames)
    await asyncio.sleep(0.5)
    assert len(player.frames) <= held + 1
    player.command("play")
    await player.state("ended")
    numbers = player.numbers()
    assert numbers == list(range(len(numbers)))
    stamps = [frame.timestamp for _, frame in player.of("audio")]
    assert max(b - a for a, b in itertools.pairwise(stamps)) > 0.4 * 48_000


async def test_seeking_lands_on_the_keyframe_before_and_plays_on(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 8)
    player.open(server.url("film.mp4"))
    await player.until(lambda: len(player.of("video")) > 5)
    player.command("seek", 6_500)
    await player.until(lambda: any(state.position_ms == 6_500 for state in player.states()))
    await player.state("ended")
    first, landed = (frame for _, frame in player.of("video") if frame.discontinuity)
    assert first.keyframe
    assert landed.keyframe
    numbers = player.numbers()
    assert numbers[-40:] == list(range(numbers[-1] - 39, numbers[-1] + 1))
    assert 150 in numbers
    assert 140 not in numbers
    stamps = sorted(frame.timestamp for _, frame in player.of("video"))
    assert max(b - a for a, b in itertools.pairwise(stamps)) < 90_000


async def test_play_after_the_end_begins_again(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 0.6)
    player.open(server.url("film.mp4"))
    await player.state("ended")
    player.command("play")
    await player.until(lambda: [state.state for state in player.states()].count("ended") == 2)
    assert sum(frame.keyframe for _, frame in player.of("video")) == 2


@pytest.mark.parametrize(
    ("name", "video", "audio", "codecs"),
    [
        ("film.webm", "libvpx", "libopus", {"VP8", "opus"}),
        ("film.mkv", "libx264", "libmp3lame", {"H264", "MP3"}),
        ("film.ts", "libx264", "aac", {"H264", "AAC"}),
        ("film.flv", "libx264", "aac", {"H264", "AAC"}),
    ],
)
async def test_other_containers(
    player: Player, server: Web, name: str, video: str, audio: str, codecs: set[str]
) -> None:
    films.make(server.folder / name, 1, video, audio, b_frames=0 if video == "libvpx" else 2)
    player.open(server.url(name))
    await player.state("ended")
    numbers = player.numbers()
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 22
    assert {frame.codec for _, frame in player.frames} == codecs


async def test_hls_with_segments_plays_and_winds(player: Player, server: Web) -> None:
    films.make(server.folder / "film.m3u8", 6, container="hls", options={"hls_time": "1", "hls_playlist_type": "vod"})
    player.open(server.url("film.m3u8"))
    playing = await player.state("playing")
    assert playing.duration_ms == pytest.approx(6_000, abs=100)
    player.command("seek", 4_000)
    await player.state("ended")
    numbers = player.numbers()
    assert numbers[-1] >= 6 * films.FPS - 3
    assert 80 not in numbers


async def test_a_server_without_ranges_plays_but_does_not_wind(player: Player, server: Web) -> None:
    server.ranges = False
    films.make(server.folder / "film.ts", 1.5)
    player.open(server.url("film.ts"))
    playing = await player.state("playing")
    assert not playing.seekable
    player.command("seek", 1_000)
    await player.until(lambda: any("can't be wound" in state.reason for state in player.states()))
    await player.state("ended")


async def test_a_lost_connection_is_made_again_where_it_broke(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 3, options={"movflags": "faststart"})
    broken: list[str] = []

    def breaks_once(request: http.server.BaseHTTPRequestHandler) -> None:
        if broken:
            server.file(request)
            return
        broken.append(request.headers["Range"])
        data = (server.folder / "film.mp4").read_bytes()
        request.send_response(206)
        request.send_header("Content-Range", f"bytes 0-{len(data) - 1}/{len(data)}")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[: len(data) // 2])
        request.close_connection = True

    server.answers["/film.mp4"] = breaks_once
    player.open(server.url("film.mp4"))
    await player.state("ended")
    assert broken
    numbers = player.numbers()
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 72


async def test_a_new_stage_is_sent_a_keyframe_first(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 4, gop=200)
    player.open(server.url("film.mp4"))
    await player.until(lambda: len(player.of("video")) > 30)
    player.attach_anew()
    await player.until(lambda: player.of("video"))
    assert player.of("video")[0][1].keyframe


REFUSALS = {
    "nothing there": ("http://127.0.0.1:{port}/none.mp4", "has nothing at that address (HTTP status 404)"),
    "no film": ("http://127.0.0.1:{port}/page.html", "no film or stream that this display knows"),
    "nobody listens": ("http://127.0.0.1:9/film.mp4", "refused the connection"),
    "no such host": ("http://no-such-host.invalid/film.mp4", "was not found"),
    "no such scheme": ("file:///etc/passwd", "file: can't be cast here"),
    "redirected to a file": ("http://127.0.0.1:{port}/to-file", "file: can't be cast here"),
    "redirected in a circle": ("http://127.0.0.1:{port}/circle", "on and on"),
    "a concat script": ("http://127.0.0.1:{port}/script.mp4", "no film or stream"),
    "a session description": ("http://127.0.0.1:{port}/session.sdp", "no film or stream"),
    "other speech": ("rtsp://127.0.0.1:{port}/film", "no film or stream"),
    "rtmp at a web server": ("rtmp://127.0.0.1:{port}/live/a", "gives none at that address"),
    "tls where there is none": ("https://127.0.0.1:{port}/film.mp4", "does not speak TLS"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_every_failure_is_a_sentence_and_the_end(player: Player, server: Web, case: str) -> None:
    url, words = REFUSALS[case]
    (server.folder / "page.html").write_text("<html>" + "no film " * 5000)
    (server.folder / "script.mp4").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    (server.folder / "session.sdp").write_text(
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    )
    server.redirect("/to-file", "file:///etc/passwd")
    server.redirect("/circle", "/circle")
    player.open(url.format(port=server.port))
    failed = await player.state("failed")
    assert words in failed.reason
    await asyncio.wait_for(player.process.wait(), 5)


async def test_a_codec_that_the_stage_lacks_is_named(player: Player, server: Web) -> None:
    films.make(server.folder / "film.webm", 0.5, "libvpx", None, b_frames=0)
    player.open(server.url("film.webm"), codecs=("H264",))
    assert "encoded as vp8, which this display can't decode; H264 it can" in (await player.state("failed")).reason


async def test_loopback_is_forbidden_unless_it_is_allowed(player: Player, server: Web) -> None:
    films.make(server.folder / "film.mp4", 0.5)
    player.open(server.url("film.mp4", "localhost"), allow=())
    assert "this display itself" in (await player.state("failed")).reason
    assert not server.requests


async def test_a_redirect_to_what_is_forbidden_is_not_followed(player: Player, server: Web) -> None:
    server.redirect("/film.mp4", "http://169.254.169.254/latest/meta-data/")
    player.open(server.url("film.mp4"))
    assert "link-local, where cloud machines keep their secrets" in (await player.state("failed")).reason


@pytest.mark.parametrize(
    "segment",
    [
        "http://169.254.169.254/a.ts",
        "http://[::ffff:169.254.169.254]/a.ts",
        "file:///etc/passwd.ts",
        "/etc/passwd",
        "concat:http://127.0.0.1/a.ts|file:///etc/passwd",
        "data:video/mp2t;base64,AAAA",
        "crypto+file:///etc/passwd.ts",
        "subfile,,start,0,end,9,,:/etc/passwd.ts",
        "async:file:///etc/passwd.ts",
        "pipe:0",
        "unix:/run/x.ts",
        "tcp://169.254.169.254:80/a.ts",
    ],
)
async def test_a_playlist_leads_nowhere_that_the_address_itself_may_not(
    player: Player, server: Web, segment: str
) -> None:
    (server.folder / "a.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{segment}\n#EXT-X-ENDLIST\n"
    )
    player.open(server.url("a.m3u8"))
    failed = await player.state("failed")
    assert not player.frames
    assert any(words in failed.reason for words in ("link-local", "file: can't be cast here", "is no film or stream"))


async def test_credentials_go_to_their_host_alone(
    player: Player, server: Web, tmp_path_factory: pytest.TempPathFactory
) -> None:
    films.make(server.folder / "film.mp4", 0.5)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    films.make(elsewhere / "film.mp4", 0.5)
    with web(elsewhere) as other:
        server.redirect("/moved.mp4", other.url("film.mp4"))
        player.open(f"http://ada:secret@127.0.0.1:{server.port}/moved.mp4")
        await player.state("ended")
        assert server.requests[0][1]["Authorization"].startswith("Basic ")
        assert all("Authorization" not in headers for _, headers in other.requests)


async def test_stop_ends_the_process_also_in_the_midst_of_a_read(player: Player, server: Web) -> None:
    def silent(request: http.server.BaseHTTPRequestHandler) -> None:
        request.rfile.read(1)

    server.answers["/film.mp4"] = silent
    player.open(server.url("film.mp4"))
    await player.until(lambda: server.requests)
    player.link.send(StopIntake())
    await asyncio.wait_for(player.process.wait(), 3)
    assert player.process.returncode == 0
