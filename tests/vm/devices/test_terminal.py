"""Virtual terminals: the screen goes to another one and comes back, as when somebody presses Ctrl+Alt+F2."""

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from receiver.present.api import View
from receiver.present.drm import terminal as vt
from receiver.present.drm.card import Card
from receiver.present.kms import KmsPresenter
from tests.vm.devices.test_presenter import card, pattern, rgb
from tests.vm.guest.host import Host

PATIENCE_S = 20
FRONT, OTHER = 1, 2
KDGETMODE, VT_ACTIVATE, VT_GETMODE = 0x4B3B, 0x5606, 0x5601


@pytest.fixture
def path() -> Path:
    return card("virtio_gpu")


@pytest.fixture
def terminal() -> Iterator[vt.Terminal]:
    found = vt.find(Path(f"/dev/tty{FRONT}"))
    assert found is not None
    for number, told in ((vt.RELEASE, found.ask), (vt.ACQUIRE, found.call)):
        signal.signal(number, lambda *_, told=told: told())
    yield found
    found.restore()
    activate(FRONT)


def activate(number: int) -> None:
    with open("/dev/tty0", "rb") as console:
        fcntl.ioctl(console, VT_ACTIVATE, number)


def mode() -> tuple[int, int]:
    """KD_* and VT_* of the front terminal."""
    with open(f"/dev/tty{FRONT}", "rb") as console:
        how = fcntl.ioctl(console, VT_GETMODE, bytes(8))[0]
        return int.from_bytes(fcntl.ioctl(console, KDGETMODE, bytes(8))[:4], "little"), how


def is_free(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        probe = Card.__new__(Card)
        probe.fd = fd
        return probe.take()
    finally:
        os.close(fd)


def go_on(presenter: KmsPresenter, surface: pygame.Surface, until: Callable[[], bool]) -> None:
    """As the presenter's thread does."""
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline
        assert presenter.poll()
        presenter.draw(View(surface))
        presenter.flip()


def test_another_terminal_gets_the_screen_and_gives_it_back(host: Host, path: Path, terminal: vt.Terminal) -> None:
    presenter = KmsPresenter(path, terminal=terminal)
    surface = pattern(presenter.size, 3)
    try:
        assert mode() == (vt.KD_GRAPHICS, vt.VT_PROCESS)
        for _ in range(2):
            activate(OTHER)
            go_on(presenter, surface, lambda: not terminal.in_front)
            assert is_free(path)
            Path(f"/dev/tty{OTHER}").write_text("a technician's work\n" * 30)
            go_on(presenter, surface, lambda: len(np.unique(host.screen("virtio", "console"))) < 10)
            activate(FRONT)
            go_on(presenter, surface, lambda: np.array_equal(host.screen("virtio", "back"), rgb(surface)))
            assert not is_free(path)
    finally:
        presenter.close()
    assert mode() == (vt.KD_TEXT, vt.VT_AUTO)


def test_one_that_starts_behind_another_terminal_waits_for_its_turn(
    host: Host, path: Path, terminal: vt.Terminal
) -> None:
    activate(OTHER)
    presenter = KmsPresenter(path, terminal=terminal)
    try:
        presenter.draw(View(None))
        presenter.flip()
        assert is_free(path)
        activate(FRONT)
        go_on(presenter, pattern((640, 360), 5), lambda: presenter.size == (640, 360))
        surface = pattern((640, 360), 5)
        go_on(presenter, surface, lambda: np.array_equal(host.screen("virtio", "late"), rgb(surface)))
        activate(OTHER)
    finally:
        presenter.close()
    assert mode() == (vt.KD_TEXT, vt.VT_AUTO)
    assert not terminal.in_front, "who waited for it when we ended has it"
