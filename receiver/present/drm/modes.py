"""Which mode and which way from a frame buffer to a connector. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from receiver.present.drm import abi


@dataclass(frozen=True, slots=True)
class Mode:
    """``raw``: drm_mode_modeinfo as the kernel gave it; ``refresh_mhz``: pictures in 1000 s."""

    width: int
    height: int
    refresh_mhz: int
    preferred: bool
    raw: bytes

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.refresh_mhz / 1000:.4g} Hz"


def parse(raw: bytes) -> Mode:
    """A mode from the bytes of its drm_mode_modeinfo. The kernel's own ``vrefresh`` is whole Hz: 59.94 would be 60."""
    info = abi.ModeInfo.from_buffer_copy(raw)
    pixels = info.htotal * info.vtotal * max(1, info.vscan)
    if info.flags & abi.MODE_DOUBLE_SCAN:
        pixels *= 2
    fields = 2 if info.flags & abi.MODE_INTERLACED else 1
    refresh = round(info.clock * 1_000_000 * fields / pixels) if pixels else info.vrefresh * 1000
    return Mode(info.hdisplay, info.vdisplay, max(1, refresh), bool(info.type & abi.MODE_PREFERRED), bytes(raw))


def by_preference(modes: Sequence[Mode]) -> list[Mode]:
    """The screen's preferred mode (from its EDID) first, then as the kernel sorted them: the largest and fastest."""
    return sorted(modes, key=lambda mode: not mode.preferred)


@dataclass(frozen=True, slots=True)
class Connector:
    """A socket with a screen, or without: ``crtc_mask`` has a bit for each CRTC that can feed it, by index.

    ``size_mm``: of the screen's glass, from its EDID; zeros where it does not tell, as projectors do not.
    """

    id: int
    name: str
    connected: bool
    modes: tuple[Mode, ...]
    crtc_mask: int
    crtc: int
    size_mm: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Plane:
    """A layer of a CRTC."""

    id: int
    primary: bool
    crtc_mask: int


@dataclass(frozen=True, slots=True)
class Route:
    """Plane → CRTC → connector. ``plane`` is 0 where the driver has no universal planes."""

    connector: Connector
    crtc: int
    plane: int


def choose_route(connectors: Sequence[Connector], crtcs: Sequence[int], planes: Sequence[Plane]) -> Route | None:
    """The first connector with a screen and a mode, by the CRTC that already feeds it where there is one."""
    for connector in connectors:
        if not (connector.connected and connector.modes):
            continue
        able = [(index, crtc) for index, crtc in enumerate(crtcs) if connector.crtc_mask >> index & 1]
        for index, crtc in sorted(able, key=lambda pair: pair[1] != connector.crtc):
            primary = [plane.id for plane in planes if plane.primary and plane.crtc_mask >> index & 1]
            if primary or not planes:
                return Route(connector, crtc, primary[0] if primary else 0)
    return None
