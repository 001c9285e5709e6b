"""A real Chromium casts colour bars; what the TV would show is the colours that were drawn."""

import numpy as np
import pygame
import pytest
from playwright.async_api import Page

from receiver.link import RtcAnswer
from receiver.media import Codec, Picture
from receiver.present.api import Placed, View
from receiver.present.compose import Composer
from tests.intake.conftest import IntakeUnderTest

from .test_chromium import decode, page  # noqa: F401 - a fixture

BARS = {
    "white": (255, 255, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "green": (0, 255, 0),
    "magenta": (255, 0, 255),
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "black": (0, 0, 0),
    "dark": (16, 16, 16),
    "dim": (48, 40, 32),
    "grey": (128, 128, 128),
    "skin": (224, 172, 140),
    "light": (240, 240, 240),
}
WIDEST = 6
"""Steps of 255 by which a colour may be off: 8-bit YCbCr costs 3, a lossy encoder the rest."""

SENDER = """
async ({width, height, colours}) => {
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const brush = canvas.getContext('2d');
  let n = 0;
  setInterval(() => {
    colours.forEach((colour, i) => {
      brush.fillStyle = `rgb(${colour})`;
      brush.fillRect(i * width / 13, 0, width / 13 + 1, height);
    });
    brush.fillStyle = n++ % 2 ? '#777' : '#888';
    brush.fillRect(0, 0, 8, 8);
  }, 33);
  const pc = window.pc = new RTCPeerConnection();
  const stream = canvas.captureStream(30);
  pc.addTransceiver(stream.getVideoTracks()[0], {direction: 'sendonly', streams: [stream]});
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}
"""


def shown(picture: Picture) -> np.ndarray:
    """RGB, row by row, at the picture's own size."""
    surface = pygame.Surface((picture.width, picture.height), 0, 32)
    Composer().draw(View(None, [Placed(picture, (0, 0, picture.width, picture.height))]), surface)
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


@pytest.mark.parametrize("codec", ["VP8", "H264", "VP9", "AV1"])
@pytest.mark.parametrize(("width", "height"), [(640, 360), (1280, 720)])
async def test_bars_and_greys_have_their_colours(
    page: Page,  # noqa: F811
    intake: IntakeUnderTest,
    codec: Codec,
    width: int,
    height: int,
) -> None:
    """Chromium captures a canvas in BT.709 with full range, and says so beside the bitstream."""
    stage = intake.attach_stage()
    sdp = await page.evaluate(SENDER, {"width": width, "height": height, "colours": list(BARS.values())})
    answer = await intake.offer(sdp, (codec,))
    assert isinstance(answer, RtcAnswer), answer
    await page.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", answer.sdp)
    await intake.until(lambda: len(stage.video()) > 40)
    picture = decode(codec, stage.video())[-1]
    rgb, bar = shown(picture), picture.width / 13
    off = {}
    for number, (name, wanted) in enumerate(BARS.items()):
        found = rgb[picture.height // 2, int((number + 0.5) * bar)].astype(int)
        off[name] = int(np.abs(found - wanted).max())
    print(f"\n{codec} {picture.width}x{picture.height}: {stage.video()[-1].colours}; off by {off}")
    assert max(off.values()) <= WIDEST, off
