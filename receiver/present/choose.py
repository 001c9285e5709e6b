"""Which output: KMS on a bare console, or else SDL's kmsdrm; a window inside a desktop session, which has the screen
itself; else headless; and why, in a sentence."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from receiver.errors import BackendUnavailable
from receiver.present.api import Presenter
from receiver.present.drm.terminal import Terminal
from receiver.present.headless import HeadlessPresenter
from receiver.present.kms import KmsPresenter, Wish
from receiver.present.kmsdrm import KmsdrmPresenter
from receiver.present.window import WindowPresenter

Wanted = Literal["auto", "kms", "kmsdrm", "window", "headless"]

P = TypeVar("P")

DEFAULT_SIZE = (1280, 720)
DRI = Path("/dev/dri")
NO_CARD = "there is no display device (/dev/dri/card*); turn on the driver of the graphics hardware, or use headless"


def open_presenter(
    wanted: Wanted,
    size: tuple[int, int] | None,
    environ: Mapping[str, str],
    fullscreen: bool = False,
    dri: Path = DRI,
    wish: Wish | None = None,
    terminal: Terminal | None = None,
) -> tuple[Presenter, str]:
    """The output and a sentence on why it was chosen. ``size`` in pixels is for a window or headless; ``wish``
    and the ``terminal`` that we are at are for KMS, the latter for kmsdrm too.

    Raises BackendUnavailable where the wanted one can't start; ``auto`` always finds one. Raises SystemSdlNeeded
    where it is kmsdrm's turn, which only the system's SDL has.
    """
    width, height = size or DEFAULT_SIZE
    session = _session(environ)
    screen: Presenter
    if wanted == "kms":
        screen = _kms(dri, wish, terminal)
        return screen, f"KMS on {screen}, as asked for."
    if wanted == "kmsdrm":
        screen = _first(dri, lambda path: KmsdrmPresenter(path, terminal))
        return screen, f"SDL's kmsdrm on {screen}, as asked for."
    if wanted == "window":
        if session is None:
            raise BackendUnavailable("there is no desktop session here: neither DISPLAY nor WAYLAND_DISPLAY is set")
        return WindowPresenter(width, height, fullscreen), f"A window on {session}, as asked for."
    if wanted == "headless":
        return HeadlessPresenter(width, height), "Headless, as asked for: pictures are seen by snapshot only."
    if session is not None:
        try:
            return WindowPresenter(width, height, fullscreen), f"A window, because {session} is there."
        except BackendUnavailable as error:
            return HeadlessPresenter(width, height), f"Headless, because {error}."
    if not any(dri.glob("card*")):
        return HeadlessPresenter(
            width, height
        ), "Headless, because there is neither a display device nor a desktop session."
    try:
        screen = _kms(dri, wish, terminal)
        return screen, f"KMS on {screen}, because there is no desktop session."
    except BackendUnavailable as error:
        reasons = str(error)
    try:
        screen = _first(dri, lambda path: KmsdrmPresenter(path, terminal))
        return screen, f"SDL's kmsdrm on {screen}, because {reasons}."
    except BackendUnavailable as error:
        reasons = reasons if str(error) == reasons else f"{reasons}; and {error}"
        return HeadlessPresenter(width, height), f"Headless, because {reasons}."


def _kms(dri: Path, wish: Wish | None, terminal: Terminal | None) -> KmsPresenter:
    """The first card with a screen; without any, the first that could have one, to wait for it."""
    try:
        return _first(dri, lambda path: KmsPresenter(path, wish, False, terminal))
    except BackendUnavailable as error:
        try:
            return _first(dri, lambda path: KmsPresenter(path, wish, True, terminal))
        except BackendUnavailable:
            raise error from None


def _first(dri: Path, make: Callable[[Path], P]) -> P:
    """The first card that will do. BackendUnavailable tells of each card why not."""
    reasons = []
    for path in sorted(dri.glob("card*")):
        try:
            return make(path)
        except BackendUnavailable as error:
            reasons.append(str(error))
    raise BackendUnavailable("; ".join(reasons) or NO_CARD)


def _session(environ: Mapping[str, str]) -> str | None:
    for variable, name in (("WAYLAND_DISPLAY", "Wayland"), ("DISPLAY", "X11")):
        if environ.get(variable):
            return f"{name} display {environ[variable]}"
    return None
