"""A real Firefox casts to a real intake process; it asks a small web server of the test for the answer."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import av
import pytest

from receiver.link import RtcAnswer
from tests.intake.conftest import IntakeUnderTest

PAGE = b"""<!doctype html><script type=module>
const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 360});
const brush = canvas.getContext('2d');
let n = 0;
setInterval(() => { brush.fillStyle = `hsl(${n++ * 7 % 360} 80% 50%)`; brush.fillRect(0, 0, 640, 360); }, 33);
const pc = new RTCPeerConnection();
pc.addTransceiver(canvas.captureStream(30).getVideoTracks()[0], {direction: 'sendonly'});
await pc.setLocalDescription();
const answer = await fetch('/offer', {method: 'POST', body: pc.localDescription.sdp});
await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
</script>"""

PREFERENCES = """
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("media.gmp-manager.updateEnabled", false);
"""

Answer = Callable[[str], Awaitable[str]]


@pytest.fixture
async def firefox(tmp_path: Path) -> AsyncIterator[Callable[[Answer], Awaitable[None]]]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("no Firefox on this machine; install firefox-esr")
    (tmp_path / "user.js").write_text(PREFERENCES)
    processes: list[asyncio.subprocess.Process] = []
    servers: list[asyncio.Server] = []

    async def open_page(answer: Answer) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next((int(x[15:]) for x in head.split("\r\n") if x.lower().startswith("content-length:")), 0)
            offer = (await reader.readexactly(length)).decode()
            body = (await answer(offer)).encode() if head.startswith("POST /offer") else PAGE
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body)
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        port = servers[0].sockets[0].getsockname()[1]
        flags = ("--headless", "--no-remote", "--profile", str(tmp_path), f"http://127.0.0.1:{port}/")
        devnull = asyncio.subprocess.DEVNULL
        processes.append(await asyncio.create_subprocess_exec(program, *flags, stdout=devnull, stderr=devnull))

    yield open_page
    for process in processes:
        process.terminate()
        await process.wait()
    for server in servers:
        server.close()


async def test_picture_arrives(firefox: Callable[[Answer], Awaitable[None]], intake: IntakeUnderTest) -> None:
    stage = intake.attach_stage()

    async def answer(offer: str) -> str:
        message = await intake.offer(offer, ("VP8", "H264"))
        assert isinstance(message, RtcAnswer), message
        return message.sdp

    await firefox(answer)
    await intake.until(lambda: len(stage.video()) > 30, 60)
    video = stage.video()
    assert video[0].keyframe
    context = av.CodecContext.create("vp8", "r")
    pictures = sum(len(context.decode(av.Packet(frame.data))) for frame in video) + len(context.decode(None))
    assert pictures == len(video)
    stats = await intake.stats()
    print(f"\n{stats}")
    assert stats.srtp_cipher.startswith("SRTP_AEAD_AES")
