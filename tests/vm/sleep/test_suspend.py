"""The machine sleeps and wakes up: the mode is set anew, and the picture is there again."""

import time

import numpy as np
import pytest

from receiver.present.api import View
from receiver.present.kms import KmsPresenter
from tests.vm.devices.test_presenter import GLASS, card, pattern, rgb
from tests.vm.guest.host import Host
from tests.vm.guest.suspend import suspend

PATIENCE_S = 30


@pytest.mark.parametrize("driver", ["virtio_gpu", "bochs-drm"])
def test_the_picture_is_there_again(host: Host, driver: str) -> None:
    presenter = KmsPresenter(card(driver))
    try:
        surface = pattern(presenter.size, 7)
        presenter.draw(View(surface))
        presenter.flip()
        assert np.array_equal(host.screen(GLASS[driver], "before"), rgb(surface))
        awake, since = time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)
        suspend(3)
        print(f"awake {time.monotonic() - awake:.1f} s of {time.clock_gettime(time.CLOCK_BOOTTIME) - since:.1f} s")
        print("right after it:", np.mean(host.screen(GLASS[driver], "woken") == rgb(surface)).round(3))
        surface = pattern(presenter.size, 8)
        until = time.monotonic() + PATIENCE_S
        while not np.array_equal(host.screen(GLASS[driver], "after"), rgb(surface)):
            assert time.monotonic() < until, f"no picture on {presenter}"
            assert presenter.poll()
            presenter.draw(View(surface))
            presenter.flip()
    finally:
        presenter.close()
