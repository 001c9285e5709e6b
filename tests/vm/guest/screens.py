"""In a guest: the real stage in the states that docs/ show, and the screen's own pixels of each, by the host's copy."""

import asyncio
import sys
import time
from pathlib import Path

import av
import msgspec

from receiver.link import Scene, SetPaused, StreamLive
from receiver.media import EncodedFrame
from tests.peers.stage_process import Camera, StageProcess, encoder
from tests.vm.guest.host import Host

URL = "https://192.0.2.20:8443"
READY = Scene("Living room", URL, f"{URL}/#s=Vb2Jr0w1yq7m9K4nT5uXeA", "On the network by cable", True)
BT709, LIMITED = 1, 1
SETTLED_S = 6
"""For the emulated processor to draw what it was told."""


def picture(path: Path) -> av.VideoFrame:
    """As a browser sends it."""
    frame = next(av.open(str(path)).decode(video=0))
    return frame.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED)


def show(camera: Camera, frame: av.VideoFrame) -> None:
    """As a cast of one picture."""
    context = encoder("H264", frame.width, frame.height)
    context.colorspace, context.color_range = BT709, LIMITED
    frame.pts, frame.pict_type = 0, av.video.frame.PictureType.I
    data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    now = time.monotonic_ns()
    camera.link.send(EncodedFrame(camera.stream, "video", "H264", 0, data, True, False, now, now))


async def shown(host: Host, name: str) -> None:
    await asyncio.sleep(SETTLED_S)
    await asyncio.to_thread(host.screen, "virtio", name)
    print(name, flush=True)


async def begin(*options: str) -> StageProcess:
    stage = await StageProcess.start("--output", "kms", "--sound", "null", *options)
    await stage.is_ready()
    stage.link.send(READY)
    return stage


async def main(slide: Path) -> None:
    StageProcess.patience_s = 150
    host = Host(slide.parent)
    stage = await begin()
    await shown(host, "idle")
    cast = picture(slide)
    show(stage.attach(1, "Anna"), cast)
    await stage.expect(StreamLive)
    stage.link.send(msgspec.structs.replace(READY, toast="Anna is sharing"))
    await shown(host, "cast")
    stage.link.send(msgspec.structs.replace(READY, asking="Ben’s phone", asked="Anna", wish="control"))
    await shown(host, "consent")
    show(stage.attach(2, "Ben"), cast)
    await stage.expect(StreamLive)
    stage.link.send(SetPaused(2, True))
    stage.link.send(msgspec.structs.replace(READY, driving=("Anna",)))
    await shown(host, "overlay")
    await stage.stop()
    stage = await begin("--rotate", "90")
    await shown(host, "portrait")
    await stage.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
