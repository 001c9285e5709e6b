"""Screens that are chosen, come later, or hang turned."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pygame
import pytest

from receiver.errors import BackendUnavailable
from receiver.present.api import Degrees, Panel, Placed, View
from receiver.present.choose import open_presenter
from receiver.present.drm import card as drm_card
from receiver.present.drm.modes import Wanted
from receiver.present.kms import KmsPresenter, Wish
from receiver.present.turned import turned
from tests.peers.stage_process import StageProcess
from tests.vm.devices.test_planes import SIZE, blocks, close_to, picture
from tests.vm.guest.host import Host
from tests.vm.guest.virtual import Copy, virtual_card

PATIENCE_S = 20


def keep_looking(presenter: KmsPresenter, until: Callable[[], bool]) -> None:
    """As the presenter's thread does, until what is waited for comes."""
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline, f"it stays {presenter}"
        assert presenter.poll()
        presenter.draw(View(None))
        presenter.flip()


def is_on(presenter: KmsPresenter, connector: str) -> bool:
    return str(presenter).startswith(f"{connector} of ")


def light(size: tuple[int, int]) -> pygame.Surface:
    surface = pygame.Surface(size, pygame.SRCALPHA, 32)
    surface.fill((250, 250, 250))
    return surface


def test_the_chosen_screen_is_taken_and_nothing_else() -> None:
    with virtual_card("chosen", plugs=2) as card:
        seen = KmsPresenter(card.path)
        number = int(str(seen).split()[0].partition("-")[2])
        seen.close()
        presenter = KmsPresenter(card.path, Wish(connector=f"Virtual-{number + 1}"))
        assert str(presenter).startswith(f"Virtual-{number + 1} of ")
        presenter.close()
        with pytest.raises(BackendUnavailable, match=f"{card.path} has no connector HDMI-A-7; there are Virtual-"):
            KmsPresenter(card.path, Wish(connector="HDMI-A-7"))


@pytest.mark.parametrize("crtcs", [1, 2])
def test_another_screen_takes_over_until_the_owners_choice_is_back(crtcs: int) -> None:
    with virtual_card(f"moves{crtcs}", plugs=2, crtcs=crtcs) as card:
        first, second = card.connectors()
        presenter = KmsPresenter(card.path, Wish(first, Wanted(*SIZE)))
        try:
            for plugged, shows in ((True, first), (False, second), (True, first)):
                card.plug(0, plugged)
                keep_looking(presenter, partial(is_on, presenter, shows))
                assert card.connectors() == {name: name == shows for name in (first, second)}, "one shows"
                rgb = blocks(*SIZE, plugged)
                presenter.draw(View(None, [Placed(picture(rgb, "yuv420p"), (0, 0, *SIZE))]))
                presenter.flip()
                assert close_to(Copy(presenter).take(), rgb)
        finally:
            presenter.close()


def test_without_a_choice_the_picture_stays_where_it_went() -> None:
    with virtual_card("stays", overlays=0, plugs=2) as card:
        first, second = card.connectors()
        presenter = KmsPresenter(card.path)
        try:
            assert str(presenter).startswith(f"{first} of ")
            card.plug(0, False)
            keep_looking(presenter, lambda: str(presenter).startswith(f"{second} of "))
            card.plug(0, True)
            until = time.monotonic() + 3
            keep_looking(presenter, lambda: time.monotonic() > until)
            assert str(presenter).startswith(f"{second} of ")
        finally:
            presenter.close()


def test_a_screen_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    with virtual_card("late") as card:
        card.plug(0, False)
        with pytest.raises(BackendUnavailable, match=f"no screen is connected to {card.path}"):
            KmsPresenter(card.path)
        (tmp_path / "card0").symlink_to(card.path)
        presenter, reason = open_presenter("auto", None, {}, dri=tmp_path)
        try:
            assert isinstance(presenter, KmsPresenter)
            assert "which waits for a screen to be plugged in" in reason
            card.plug(0, True)
            keep_looking(presenter, lambda: presenter._lit is not None)
            assert presenter.size == (1024, 768)
        finally:
            presenter.close()


@pytest.mark.parametrize("hardware", [True, False], ids=["by the planes", "by FFmpeg"])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_screen(monkeypatch: pytest.MonkeyPatch, degrees: Degrees, hardware: bool) -> None:
    if not hardware:
        monkeypatch.setattr(drm_card, "CHOICES", ("COLOR_ENCODING", "COLOR_RANGE"))
    with virtual_card(f"turned{degrees}{hardware}") as card:
        inner = KmsPresenter(card.path, Wish(mode=Wanted(*SIZE)))
        presenter = turned(inner, degrees)
        try:
            assert isinstance(presenter, Panel)
            width, height = presenter.size
            rgb = blocks(width, height)
            presenter.draw(View(None, [Placed(picture(rgb, "yuv420p"), (0, 0, width, height))]))
            presenter.flip()
            assert inner.direct
            assert inner._lit is not None
            assert any(plane.get("rotation", 1) != 1 for plane in inner._lit._shown.values()) == hardware
            assert close_to(Copy(inner).take(), np.rot90(rgb, -degrees // 90))
            presenter.draw(View(pygame.Surface(presenter.size, 0, 32), (), [(light((40, 20)), (0, 0))]))
            presenter.flip()
            composed = pygame.surfarray.array3d(inner.snapshot()).swapaxes(0, 1)
            assert np.array_equal(Copy(inner).take(), composed), "the plane is upright again"
        finally:
            presenter.close()


async def test_the_app_learns_of_the_mode_that_was_asked_for_as_it_is_turned(host: Host) -> None:
    stage = await StageProcess.start("--output", "kms", "--sound", "null", "--mode", "800x600", "--rotate", "90")
    try:
        await stage.is_ready()
        assert (stage.ready.width, stage.ready.height) == (600, 800)
        assert await stage.stop() == 0
    finally:
        await stage.kill()


def test_a_turned_idle_screen_fills_the_glass(host: Host) -> None:
    with virtual_card("idle") as card:
        inner = KmsPresenter(card.path, Wish(mode=Wanted(*SIZE)))
        presenter = turned(inner, 90)
        try:
            surface = pygame.Surface(presenter.size, 0, 32)
            surface.fill((1, 2, 3))
            surface.fill((250, 240, 230), (0, 0, 40, 20))
            presenter.draw(View(surface))
            presenter.flip()
            glass = Copy(inner).take()
            assert np.array_equal(glass[10, -10], (250, 240, 230)), "the top left is at the top right now"
            assert np.array_equal(glass[100, 100], (1, 2, 3))
        finally:
            presenter.close()
