"""The KMS presenter on real drivers: virtio-gpu, bochs and cirrus, whose screens QEMU can copy, and vkms."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from receiver.errors import BackendUnavailable
from receiver.present.api import Panel, View
from receiver.present.choose import open_presenter
from receiver.present.drm import abi
from receiver.present.drm.card import Card
from receiver.present.kms import KmsPresenter
from tests.vm.guest.host import Host

FLIPS = 30
NOBODY = 65534
CONSOLE = Path("/dev/tty1")
SYS = Path("/sys/class/drm")

GLASS = {"virtio_gpu": "virtio", "bochs-drm": "bochs", "cirrus-qemu": "cirrus"}
"""Drivers, and the names that __main__.py gave their cards."""


def card(driver: str) -> Path:
    """The card of a driver; each guest has one of each at most."""
    for path in sorted(Path("/dev/dri").glob("card*")):
        opened = Card(path)
        opened.close()
        if opened.driver == driver:
            return path
    return pytest.skip(f"this guest has no {driver}; its image could not be built with it")


@pytest.fixture(params=[*GLASS, "vkms"])
def path(request: pytest.FixtureRequest) -> Path:
    return card(request.param)


@pytest.fixture
def screen(path: Path) -> Iterator[KmsPresenter]:
    presenter = KmsPresenter(path)
    yield presenter
    presenter.close()


def pattern(size: tuple[int, int], step: int) -> pygame.Surface:
    """Every pixel of it tells where it is."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    surface = pygame.Surface(size, 0, 32)
    pygame.surfarray.blit_array(surface, ((x & 255) << 16 | (y & 255) << 8 | step & 255).T)
    return surface


def rgb(surface: pygame.Surface) -> np.ndarray:
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


def test_pictures_come_at_vblanks(screen: KmsPresenter) -> None:
    """Not each vblank has one, for the machine is slow; but none comes between two."""
    period = 1e12 / screen.refresh_mhz
    view = View(pattern(screen.size, 0))
    shown = []
    for _ in range(FLIPS):
        predicted = screen.next_vsync(time.monotonic_ns())
        screen.draw(view)
        flip = screen.flip()
        assert time.monotonic_ns() - flip.on_screen_ns >= 0
        shown.append(flip.on_screen_ns)
        assert abs((flip.on_screen_ns - predicted) / period % 1.0 - 0.5) > 0.48, "next_vsync is on the same grid"
    steps = np.diff(shown) / period
    assert np.abs(steps - np.round(steps)).max() < 0.02
    assert np.round(steps).min() >= 1
    assert np.median(steps) < 3


def test_an_old_grid_is_measured_anew(screen: KmsPresenter) -> None:
    screen.draw(View(pattern(screen.size, 0)))
    screen.flip()
    time.sleep(1.5)
    assert screen.poll()
    screen.draw(View(pattern(screen.size, 0)))
    period = 1e12 / screen.refresh_mhz
    predicted = screen.next_vsync(time.monotonic_ns())
    away = (screen.flip().on_screen_ns - predicted) / period
    assert abs(away - round(away)) < 0.02


def test_a_driver_that_tells_of_no_flip_does_not_hang_us(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    presenter = KmsPresenter(card("virtio_gpu"))
    try:
        with monkeypatch.context() as deaf:
            deaf.setattr(abi, "FLIP_EVENT", 0)  # the kernel then sends no event
            for step in range(3):
                presenter.draw(View(pattern(presenter.size, step)))
                began = time.monotonic_ns()
                assert began <= presenter.flip().on_screen_ns
                copied_within(host, "virtio", rgb(pattern(presenter.size, step)))
        for step in range(3):
            presenter.draw(View(pattern(presenter.size, step)))
            predicted = presenter.next_vsync(time.monotonic_ns())
            away = (presenter.flip().on_screen_ns - predicted) * presenter.refresh_mhz / 1e12
            assert abs(away - round(away)) < 0.02, "it is believed again once it tells"
    finally:
        presenter.close()


@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "legacy"])
@pytest.mark.parametrize("driver", GLASS)
def test_what_is_drawn_is_on_the_screen(host: Host, monkeypatch: pytest.MonkeyPatch, driver: str, atomic: bool) -> None:
    path = card(driver)
    if not atomic:
        monkeypatch.setattr(Card, "_wants", lambda card, capability: False)
    presenter = KmsPresenter(path)
    try:
        assert f" of {path.name} ({driver}), {presenter.size[0]}x{presenter.size[1]} at " in str(presenter)
        for step in range(3):
            picture = pattern(presenter.size, step)
            presenter.draw(View(picture))
            presenter.flip()
            copied_within(host, GLASS[driver], rgb(picture))
            assert np.array_equal(rgb(presenter.snapshot()), rgb(picture))
    finally:
        presenter.close()


def test_a_screen_goes_to_standby_and_comes_back(host: Host) -> None:
    path = card("virtio_gpu")
    power = SYS / f"{path.name}-Virtual-1" / "dpms"
    presenter = KmsPresenter(path)
    try:
        assert isinstance(presenter, Panel)
        presenter.draw(View(pattern(presenter.size, 0)))
        presenter.flip()
        assert power.read_text() == "On\n"
        presenter.sleep()
        assert power.read_text() == "Off\n"
        time.sleep(1.5)
        assert presenter.poll()
        presenter.wake()
        assert power.read_text() == "On\n"
        for step in range(3):
            picture = pattern(presenter.size, step)
            presenter.draw(View(picture))
            presenter.flip()
            copied_within(host, "virtio", rgb(picture))
    finally:
        presenter.close()


def copied_within(host: Host, device: str, wanted: np.ndarray, patience_s: float = 3.0) -> None:
    """QEMU looks into a plain frame buffer from time to time only."""
    until = time.monotonic() + patience_s
    while not np.array_equal(got := host.screen(device, device), wanted):
        assert time.monotonic() < until, f"{np.mean(got != wanted):.1%} of the screen differs"


def test_the_consoles_text_comes_back(host: Host) -> None:
    path = card("virtio_gpu")
    CONSOLE.write_text("\033[?25l\033[2J\033[Hhere is the console\n" * 3)
    time.sleep(1)
    before = host.screen("virtio", "console")
    assert 0 < np.mean(before > 100) < 0.1, "some letters on black"
    presenter = KmsPresenter(path)
    presenter.draw(View(pattern(presenter.size, 0)))
    presenter.flip()
    assert not np.array_equal(host.screen("virtio", "console-covered"), before)
    presenter.close()
    copied_within(host, "virtio", before)


def test_the_console_comes_back(host: Host, path: Path) -> None:
    def shown() -> tuple[int, ...]:
        opened = Card(path)
        _, crtcs = opened.connectors_and_crtcs()
        state = opened.crtc(crtcs[0])
        opened.close()
        return state.fb, state.mode_valid, state.mode.hdisplay, state.mode.vdisplay

    before = shown()
    presenter = KmsPresenter(path)
    presenter.draw(View(pattern(presenter.size, 0)))
    presenter.flip()
    presenter.close()
    presenter.close()
    assert shown() == before


def test_a_screen_in_use_is_left_alone(screen: KmsPresenter, path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=f"another program.*holds the screen of {path}"):
        KmsPresenter(path)


def test_a_user_who_may_not_is_told_the_remedy() -> None:
    path = card("virtio_gpu")
    os.seteuid(NOBODY)
    try:
        with pytest.raises(BackendUnavailable, match=f"may not open {path}; add the user to the group video"):
            KmsPresenter(path)
    finally:
        os.seteuid(0)


def test_no_screen_no_kms() -> None:
    path = card("virtio_gpu")
    status = SYS / f"{path.name}-Virtual-1" / "status"
    status.write_text("off")
    try:
        with pytest.raises(BackendUnavailable, match=f"no screen is connected to {path}; plug one in"):
            KmsPresenter(path)
    finally:
        status.write_text("detect")


def test_another_card_is_taken_where_the_first_has_no_screen() -> None:
    first = card("virtio_gpu")
    status = SYS / f"{first.name}-Virtual-1" / "status"
    status.write_text("off")
    try:
        presenter, reason = open_presenter("auto", None, {})
        presenter.close()
        assert reason.startswith("KMS on Virtual-2 of card1 (bochs-drm), 640x360 at ")
    finally:
        status.write_text("detect")
