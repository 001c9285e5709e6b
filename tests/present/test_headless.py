"""The screen that is none."""

import itertools

import pygame
from hypothesis import given
from hypothesis import strategies as st

from receiver.present.api import View
from receiver.present.headless import PERIOD_NS, HeadlessPresenter


@given(st.integers(0, 10**18))
def test_vsyncs_are_a_grid(after: int) -> None:
    presenter = HeadlessPresenter(64, 48)
    vsync = presenter.next_vsync(after)
    assert 0 <= vsync - after < PERIOD_NS
    assert presenter.next_vsync(vsync) == vsync
    assert presenter.next_vsync(vsync + 1) == vsync + PERIOD_NS


def test_the_last_view_is_kept_for_a_snapshot() -> None:
    presenter = HeadlessPresenter(64, 48)
    assert presenter.snapshot().get_size() == (64, 48)
    idle = pygame.Surface((64, 48), 0, 32)
    idle.fill((9, 8, 7))
    presenter.draw(View(idle))
    flips = [presenter.flip().on_screen_ns for _ in range(3)]
    assert all((b - a) % PERIOD_NS == 0 < b - a for a, b in itertools.pairwise(flips))
    assert tuple(presenter.snapshot().get_at((5, 5)))[:3] == (9, 8, 7)
    assert presenter.poll()
    presenter.close()
