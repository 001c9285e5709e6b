"""Pictures that lie in a decoder's memory (DRM PRIME) on vkms: shown from there, and copied where they can't be."""

import gc
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from receiver import prime
from receiver.media import Picture
from receiver.present.api import Placed, View
from receiver.present.drm.modes import Wanted
from receiver.present.kms import KmsPresenter, Wish
from tests.vm.devices.test_planes import SIZE, blocks, close_to, picture, screen
from tests.vm.devices.test_presenter import GLASS, card
from tests.vm.guest.host import Host
from tests.vm.guest.memory import SharedPicture
from tests.vm.guest.virtual import Copy, imported

__all__ = ["screen"]

Shared = Callable[..., SharedPicture]
NOT_LINEAR = (1 << 56) | 1
"""I915_FORMAT_MOD_X_TILED, which vkms knows nothing of."""


@pytest.fixture
def shared() -> Iterator[Shared]:
    made: list[SharedPicture] = []

    def make(size: tuple[int, int], pitch: int, modifier: int = prime.LINEAR) -> SharedPicture:
        made.append(SharedPicture(size, pitch, modifier))
        return made[-1]

    yield make
    for one in made:
        one.close()


def show(presenter: KmsPresenter, one: Picture) -> None:
    presenter.draw(View(None, [Placed(one, (0, 0, *SIZE))]))
    presenter.flip()


def test_it_is_shown_from_where_it_is(screen: KmsPresenter, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prime, "in_memory", lambda frame: pytest.fail("it was copied"))
    memory = shared(SIZE, 704)
    for step in range(3):
        rgb = blocks(*SIZE, step)
        given = picture(rgb, "nv12", 1)
        memory.write(given)
        show(screen, memory.picture(given))
        assert screen.direct
        assert close_to(Copy(screen).take(), rgb)
    assert imported(screen) == 1, "one buffer is one frame buffer"


def test_a_frame_is_held_until_it_is_off_the_screen(screen: KmsPresenter, shared: Shared) -> None:
    first, second = shared(SIZE, 640), shared(SIZE, 640)
    given = [memory.picture(picture(blocks(*SIZE), "nv12")) for memory in (first, second)]
    held = [weakref.ref(one.frame) for one in given]
    show(screen, given[0])
    screen.draw(View(None, [Placed(given[1], (0, 0, *SIZE))]))
    given.clear()
    gc.collect()
    assert all(one() for one in held), "the first is still on the screen"
    screen.flip()
    screen.draw(View(None))
    gc.collect()
    assert held[0]() is None
    assert held[1]()
    screen.flip()
    screen.draw(View(None))
    screen.flip()
    gc.collect()
    assert held[1]() is None
    assert imported(screen) == 0, "the memory is the decoder's again"


def test_what_the_driver_refuses_is_copied(screen: KmsPresenter, shared: Shared) -> None:
    rgb = blocks(320, 240)
    given = picture(rgb, "nv12", 1)
    memory = shared((320, 240), 320)
    memory.write(given)
    show(screen, memory.picture(given))  # vkms does not scale
    assert screen.direct
    assert close_to(Copy(screen).take(), rgb.repeat(2, 0).repeat(2, 1))


def test_a_card_without_such_planes_gets_a_composed_copy(host: Host, shared: Shared) -> None:
    presenter = KmsPresenter(card("virtio_gpu"), Wish(mode=Wanted(*SIZE)))
    try:
        rgb = blocks(*SIZE)
        given = picture(rgb, "nv12", 1)
        memory = shared(SIZE, 768)
        memory.write(given)
        show(presenter, memory.picture(given))
        assert not presenter.direct
        assert close_to(host.screen(GLASS["virtio_gpu"], "imported"), rgb)
    finally:
        presenter.close()


def test_what_nothing_can_read_is_black(screen: KmsPresenter, shared: Shared, caplog: pytest.LogCaptureFixture) -> None:
    given = picture(blocks(*SIZE), "nv12")
    show(screen, shared(SIZE, 640, NOT_LINEAR).picture(given))
    assert "with modifier 0x100000000000001 can't be read" in caplog.text
    assert np.all(Copy(screen).take() < 3)
