"""A real Chromium casts to a real intake process over WebTransport."""

import base64
import functools
import http.server
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, async_playwright

import receiver
from receiver.link import QuicOpen, QuicOpened, RtcRefused
from receiver.media import Codec
from tests.intake.conftest import STREAM, FakeStage, IntakeUnderTest

WEB = Path(receiver.__file__).parent / "web"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
DECODERS = {"VP8": "vp8", "H264": "h264", "VP9": "vp9", "AV1": "libdav1d"}

SENDER = """
async ({opened, width, height, sound}) => {
  const {QuicStream} = await import('/quic.js');
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const brush = canvas.getContext('2d');
  let n = 0;
  setInterval(() => {
    brush.fillStyle = `hsl(${n++ * 7 % 360} 80% 50%)`;
    brush.fillRect(0, 0, width, height);
  }, 33);
  const stream = canvas.captureStream(30);
  if (sound) {
    const context = new AudioContext(), tone = context.createOscillator(), out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    stream.addTrack(out.stream.getAudioTracks()[0]);
  }
  window.quic = new QuicStream();
  quic.onend = () => { window.over = true; };
  await quic.start(stream, opened, '127.0.0.1');
}
"""


class Files(http.server.SimpleHTTPRequestHandler):
    """The page's modules, beside an empty page."""

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        return None

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=WEB))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
        await browser.close()
    server.shutdown()
    server.server_close()


async def opened(intake: IntakeUnderTest, codecs: tuple[Codec, ...]) -> dict[str, object]:
    intake.link.send(QuicOpen(STREAM, codecs))
    await intake.until(lambda: intake.all(QuicOpened) or intake.all(RtcRefused))
    answer = intake.all(QuicOpened)[0]
    types = [{"codec": codec, "payload_type": number} for codec, number in answer.payload_types.items()]
    certificate = base64.urlsafe_b64encode(answer.certificate).decode()
    return {"port": answer.port, "path": answer.path, "certificate": certificate, "codecs": types}


async def cast(page: Page, intake: IntakeUnderTest, codec: Codec, sound: bool = False) -> FakeStage:
    stage = intake.attach_stage()
    there = await opened(intake, (codec,))
    await page.evaluate(SENDER, {"opened": there, "width": 640, "height": 360, "sound": sound})
    return stage


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_picture_and_sound_arrive_on_one_clock(page: Page, intake: IntakeUnderTest, codec: Codec) -> None:
    stage = await cast(page, intake, codec, sound=True)
    await intake.until(lambda: stage.video() and stage.video()[-1].capture_ns and stage.audio()[-1:] != [])
    await intake.until(lambda: len(stage.video()) > 30 and stage.audio()[-1].capture_ns)
    video = stage.video()
    context = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(context, av.VideoCodecContext)
    pictures = [picture for frame in video for picture in context.decode(av.Packet(frame.data))]
    assert len(pictures) >= len(video) - 1
    assert video[0].keyframe
    print(codec, video[0].colours, pictures[-1].colorspace, pictures[-1].color_range)
    assert all(frame.colours == video[0].colours is not None for frame in video)
    for frame in (video[-1], stage.audio()[-1]):
        assert frame.capture_ns is not None
        assert -50 < (frame.complete_ns - frame.capture_ns) / 1e6 < 1000
    assert (await intake.stats()).srtp_cipher == "QUIC"


async def test_a_keyframe_comes_on_request_and_an_end_is_told(page: Page, intake: IntakeUnderTest) -> None:
    stage = await cast(page, intake, "VP8")
    await intake.until(lambda: len(stage.video()) > 10)
    count = len(stage.video())
    stage.request_keyframe()
    await intake.until(lambda: any(frame.keyframe for frame in stage.video()[count:]))
    await page.evaluate("quic.stop()")
    await intake.until(lambda: intake.states() == ["connecting", "connected", "closed"])


async def test_a_stranger_is_not_let_in(page: Page, intake: IntakeUnderTest) -> None:
    there = await opened(intake, ("VP8",))
    wrong = there | {"path": "/guess"}
    refused = "args => (" + SENDER + ")(args).then(() => 'in', error => error.name)"
    arguments = {"width": 64, "height": 64, "sound": False}
    assert await page.evaluate(refused, {"opened": wrong, **arguments}) != "in"
    assert "connected" not in intake.states()
    stage = intake.attach_stage()
    await page.evaluate(SENDER, {"opened": there, **arguments})
    await intake.until(stage.video)
    assert await page.evaluate(refused, {"opened": there, **arguments}) != "in"
