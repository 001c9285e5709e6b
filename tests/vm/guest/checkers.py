"""A cast of checkers through a real stage, and what a copy of the screen from outside has of it."""

import asyncio

import av
import numpy as np

from receiver.link import DetachStream, Scene, SetTap, Snapshot, TakeSnapshot, TapPicture
from tests.peers.stage_process import StageProcess
from tests.vm.guest.host import Host

WIDTH, HEIGHT = 640, 360
SCENE = Scene("Boardroom 4", "https://192.0.2.7:8443", "https://192.0.2.7:8443/#s=Vb2Jr0w1", "By cable", True)
BLOCK = 40


def shown_ns(tap: TapPicture) -> int:
    """When it was on the screen."""
    assert tap.stamps.on_screen is not None
    return tap.stamps.on_screen


async def snapshot(stage: StageProcess, request: int) -> np.ndarray:
    stage.link.send(TakeSnapshot(request))
    answer = await stage.expect(Snapshot, lambda message: message.request == request)
    return av.CodecContext.create("png", "r").decode(av.Packet(answer.image))[0].to_ndarray(format="rgb24")


async def same(stage: StageProcess, host: Host, name: str) -> np.ndarray:
    """The stage's own snapshot, once it and the screen's copy agree; the idle screen may move in between."""
    for request in range(5):
        ours = await snapshot(stage, request)
        glass = await asyncio.to_thread(host.screen, "virtio", name)
        if np.array_equal(ours, glass):
            return ours
    raise AssertionError(f"{np.mean(ours != glass):.1%} of the screen is not what the stage says it shows")


def checkers(step: int) -> np.ndarray:
    """Blocks of dark and light luma that change places."""
    y, x = np.mgrid[0 : HEIGHT // 2, 0 : WIDTH // 2] // BLOCK
    return np.where((x + y + step) % 2, 210, 40).astype(np.uint8)


async def idle_cast_and_idle(stage: StageProcess, host: Host, name: str, pictures: int, off_grid: float) -> None:
    """The idle screen, a cast, the idle screen again. ``off_grid``: how far from a vblank a picture may be shown, as a
    share of the time between two."""
    stage.link.send(SCENE)
    idle = await same(stage, host, f"{name}-idle")
    assert len(np.unique(idle.reshape(-1, 3), axis=0)) > 100, "the idle screen is more than one colour"

    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    shown = []
    for step in range(pictures):
        camera.show(checkers(step), keyframe=step == 0)
        shown.append(shown_ns(await stage.expect(TapPicture)))
    steps = np.diff(shown) * stage.ready.refresh_mhz / 1e12
    print("vblanks from one picture to the next:", np.round(steps, 3).tolist())
    assert np.abs(steps - np.round(steps)).max() < off_grid, "a picture was shown between two vblanks"
    assert steps.min() > 0.5

    cast = await same(stage, host, f"{name}-cast")
    light = checkers(pictures - 1).repeat(2, 0).repeat(2, 1) > 128
    inner = slice(BLOCK // 2, None, BLOCK)
    assert cast[inner, inner][light[inner, inner]].min() > 190
    assert cast[inner, inner][~light[inner, inner]].max() < 60

    stage.link.send(DetachStream(1))
    again = await same(stage, host, f"{name}-idle-again")
    assert np.mean(again != idle) < 0.2
