"""Which SDL is behind pygame: PyPI's brings its own, built without kmsdrm; a distribution's has that.

SDL can lend its calls to another one: where ``$SDL_DYNAMIC_API`` names a library of the same version or a later one, it
passes all of them on. It looks once, when pygame is imported, so a process that finds itself with the wrong SDL has to
start over.
"""

import ctypes
import os

import pygame
import pygame.base

from receiver.errors import ReceiverError

LENT = "SDL_DYNAMIC_API"
SYSTEMS = "libSDL2-2.0.so.0"


class SystemSdlNeeded(ReceiverError):
    """The process should start over, with ``environ`` added to its environment."""

    def __init__(self) -> None:
        super().__init__("the system's SDL is needed instead of pygame's own")
        self.environ = {LENT: SYSTEMS}


def drivers(library: str = pygame.base.__file__) -> set[str]:
    """The video drivers that an SDL is built with, as it names them: by default that of pygame, which tells only of the
    one in use. Raises OSError where there is no such library."""
    sdl = ctypes.CDLL(library)  # finds what it is linked to, too
    sdl.SDL_GetVideoDriver.restype = ctypes.c_char_p
    return {sdl.SDL_GetVideoDriver(number).decode() for number in range(sdl.SDL_GetNumVideoDrivers())}


def system_has(driver: str, library: str = SYSTEMS) -> bool:
    """Whether starting over would bring that driver."""
    if LENT in os.environ:  # we did
        return False
    version = (ctypes.c_uint8 * 3)()
    try:
        ctypes.CDLL(library).SDL_GetVersion(version)
        return tuple(version) >= tuple(pygame.get_sdl_version()) and driver in drivers(library)
    except OSError:
        return False
