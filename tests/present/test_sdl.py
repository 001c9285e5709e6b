"""What can be told of SDL without a screen: which drivers it has, and whose it is. Pixels: tests/vm/devices."""

import ctypes
import os
import subprocess
import sys

import pygame
import pytest

from receiver.present import sdl
from receiver.present.kmsdrm import DRIVER, lack

VERSION = ".".join(map(str, pygame.get_sdl_version()))


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sdl.LENT, raising=False)


def test_sdl_itself_tells_of_its_drivers() -> None:
    assert {"x11", "wayland", "dummy"} <= sdl.drivers()
    with pytest.raises(OSError, match="libSDL-of-nobody"):
        sdl.drivers("libSDL-of-nobody.so")


def test_another_sdl_has_to_be_there_with_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    own = pygame.base.__file__
    assert sdl.system_has("dummy", own)
    assert not sdl.system_has("none of this name", own)
    assert not sdl.system_has("dummy", "libSDL-of-nobody.so")
    monkeypatch.setenv(sdl.LENT, own)
    assert not sdl.system_has("dummy", own), "that was tried"


def test_what_lacks_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sdl.LENT, "libSDL-of-nobody.so")
    if DRIVER in sdl.drivers():
        pytest.skip("pygame's SDL has the driver")
    assert (
        lack() == f"pygame's SDL {VERSION} is built without the kmsdrm driver; install libsdl2-2.0-0, as new or newer"
    )


def test_pygame_goes_to_the_systems_sdl_where_that_is_as_new() -> None:
    try:
        system = ctypes.CDLL(sdl.SYSTEMS)
    except OSError:
        pytest.skip("there is no SDL on this system; install libsdl2-2.0-0")
    version = (ctypes.c_uint8 * 3)()
    system.SDL_GetVersion(version)
    told = subprocess.run(
        [sys.executable, "-c", "import pygame; print(*pygame.get_sdl_version())"],
        env=os.environ | sdl.SystemSdlNeeded().environ | {"PYGAME_HIDE_SUPPORT_PROMPT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert tuple(map(int, told.stdout.split())) == max(tuple(version), tuple(pygame.get_sdl_version()))
