"""A card of vkms with the planes and plugs that a test wants (configfs), and a copy of what it shows (writeback)."""

import ctypes
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from receiver.present.drm import abi
from receiver.present.drm.buffer import Buffer
from receiver.present.drm.card import Card
from receiver.present.drm.scanout import AtomicScanout
from receiver.present.kms import KmsPresenter

CONFIGFS = Path("/sys/kernel/config")
DRI = Path("/dev/dri")
WRITEBACK_CONNECTORS = 5
"""DRM_CLIENT_CAP_WRITEBACK_CONNECTORS."""
PLUGGED, PULLED = "1", "2"


class VirtualCard:
    """``overlays`` planes above the primary one of each of ``crtcs``, which feed ``plugs`` connectors by turns."""

    def __init__(self, name: str, overlays: int, plugs: int, crtcs: int) -> None:
        if not os.path.ismount(CONFIGFS):
            subprocess.run(["mount", "-t", "configfs", "none", CONFIGFS], check=True)
        self._root = root = CONFIGFS / "vkms" / name
        before = set(DRI.glob("card*"))
        root.mkdir()
        for crtc in range(crtcs):
            self._make(f"crtcs/c{crtc}", writeback=1)
            for number in range(overlays + 1):
                primary = {} if number else {"type": 1}
                self._make(f"planes/p{crtc}-{number}", f"crtcs/c{crtc}", **primary)
            self._make(f"encoders/e{crtc}", f"crtcs/c{crtc}")
        for plug in range(plugs):
            self._make(f"connectors/k{plug}", f"encoders/e{plug % crtcs}")
        (root / "enabled").write_text("1")
        until = time.monotonic() + 30
        while not (new := set(DRI.glob("card*")) - before):
            assert time.monotonic() < until, "vkms makes no card"
            time.sleep(0.05)
        self.path = new.pop()

    def _make(self, name: str, possible: str | None = None, **attributes: int) -> None:
        """A part of the card, and what it may be joined to."""
        part = self._root / name
        part.mkdir()
        for attribute, value in attributes.items():
            (part / attribute).write_text(str(value))
        if possible is not None:
            kind, _, one = possible.partition("/")
            (part / f"possible_{kind}" / one).symlink_to(self._root / possible)

    def connectors(self) -> dict[str, bool]:
        """Their names, in the order of their plugs, and whether they are fed with pictures."""
        found = Path("/sys/class/drm").glob(f"{self.path.name}-Virtual-*")
        return {
            path.name.partition("-")[2]: (path / "enabled").read_text() == "enabled\n"
            for path in sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))
        }

    def plug(self, number: int, connected: bool) -> None:
        """Push a screen's plug in, or pull it out."""
        (self._root / f"connectors/k{number}/status").write_text(PLUGGED if connected else PULLED)

    def close(self) -> None:
        """The folders in configfs go by rmdir, links first."""
        (self._root / "enabled").write_text("0")
        for link in [path for path in self._root.rglob("*") if path.is_symlink()]:
            link.unlink()
        for kind in ("planes", "connectors", "encoders", "crtcs"):
            for one in (self._root / kind).iterdir():
                one.rmdir()
        self._root.rmdir()


@contextmanager
def virtual_card(name: str, overlays: int = 2, plugs: int = 1, crtcs: int = 1) -> Iterator[VirtualCard]:
    if subprocess.run(["modprobe", "vkms"], check=False).returncode:
        pytest.skip("this guest has no vkms; its image could not be built with it")
    made = VirtualCard(name, overlays, plugs, crtcs)
    try:
        yield made
    finally:
        made.close()


def imported(presenter: KmsPresenter) -> int:
    """How many frame buffers it has in memory of others."""
    assert presenter._lit is not None
    assert presenter._lit._direct is not None
    return len(presenter._lit._direct._imports._known)


class Copy:
    """What the card of a presenter puts out, RGB: the kernel blends its planes into a buffer of ours."""

    def __init__(self, presenter: KmsPresenter) -> None:
        self._card: Card = presenter._card
        self._presenter = presenter

    def take(self) -> np.ndarray:
        self._see_writebacks(True)
        try:
            return self._take()
        finally:
            self._see_writebacks(False)  # the presenter would take one for a screen

    def _see_writebacks(self, seen: bool) -> None:
        self._card.ioctl(abi.SET_CLIENT_CAP, abi.Capability(WRITEBACK_CONNECTORS, seen))

    def _take(self) -> np.ndarray:
        lit = self._presenter._lit
        assert lit is not None
        connectors, crtcs = self._card.connectors_and_crtcs()
        mine = 1 << crtcs.index(lit.route.crtc)
        writeback = next(one.id for one in connectors if one.name.startswith("Writeback") and one.crtc_mask & mine)
        buffer = Buffer(self._card, (lit.mode.width, lit.mode.height))
        fence = ctypes.c_int32(-1)
        changes = {
            "CRTC_ID": lit.route.crtc,
            "WRITEBACK_FB_ID": buffer.framebuffer,
            "WRITEBACK_OUT_FENCE_PTR": ctypes.addressof(fence),
        }
        scanout = lit._scanout
        assert isinstance(scanout, AtomicScanout)
        properties = self._card.properties(writeback, abi.OBJECT_CONNECTOR)
        scanout._ids[writeback] = {name: pair[0] for name, pair in properties.items()}
        scanout._commit({writeback: changes}, abi.ATOMIC_ALLOW_MODESET)
        assert select.select([fence.value], [], [], 10)[0], "the copy is not finished"
        os.close(fence.value)
        shown = buffer.parts()[0].reshape(lit.mode.height, lit.mode.width, 4)[:, :, 2::-1].copy()
        scanout._commit({writeback: {"CRTC_ID": 0}}, abi.ATOMIC_ALLOW_MODESET)
        buffer.close()
        return shown
