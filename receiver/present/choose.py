"""Which output: KMS on a bare console, a window inside a desktop session, else headless; and why, in a sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from receiver.errors import BackendUnavailable
from receiver.present.api import Presenter
from receiver.present.drm.terminal import Terminal
from receiver.present.headless import HeadlessPresenter
from receiver.present.kms import KmsPresenter, Wish
from receiver.present.window import WindowPresenter

Wanted = Literal["auto", "kms", "window", "headless"]

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
    and the ``terminal`` that we are at are for KMS.

    Raises BackendUnavailable where the wanted one can't start; ``auto`` always finds one.
    """
    width, height = size or DEFAULT_SIZE
    session = _session(environ)
    if wanted == "kms":
        screen = _kms(dri, wish, terminal)
        return screen, f"KMS on {screen}, as asked for."
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
    except BackendUnavailable as error:
        return HeadlessPresenter(width, height), f"Headless, because {error}."
    return screen, f"KMS on {screen}, because there is no desktop session."


def _kms(dri: Path, wish: Wish | None, terminal: Terminal | None) -> KmsPresenter:
    """The first card with a screen; without any, the first that could have one, to wait for it. BackendUnavailable
    tells of each card why not."""
    reasons = []
    for patient in (False, True):
        for path in sorted(dri.glob("card*")):
            try:
                return KmsPresenter(path, wish, patient, terminal)
            except BackendUnavailable as error:
                if not patient:
                    reasons.append(str(error))
    raise BackendUnavailable("; ".join(reasons) or NO_CARD)


def _session(environ: Mapping[str, str]) -> str | None:
    for variable, name in (("WAYLAND_DISPLAY", "Wayland"), ("DISPLAY", "X11")):
        if environ.get(variable):
            return f"{name} display {environ[variable]}"
    return None
