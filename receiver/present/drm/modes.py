"""Which mode and which way from a frame buffer to a connector. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from receiver.present.drm import abi

HALF_HERTZ = 500


@dataclass(frozen=True, slots=True)
class Mode:
    """``raw``: drm_mode_modeinfo as the kernel gave it; ``refresh_mhz``: pictures in 1000 s."""

    width: int
    height: int
    refresh_mhz: int
    preferred: bool
    raw: bytes
    interlaced: bool = False

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.refresh_mhz / 1000:.4g} Hz"


def parse(raw: bytes) -> Mode:
    """A mode from the bytes of its drm_mode_modeinfo. The kernel's own ``vrefresh`` is whole Hz: 59.94 would be 60."""
    info = abi.ModeInfo.from_buffer_copy(raw)
    pixels = info.htotal * info.vtotal * max(1, info.vscan)
    if info.flags & abi.MODE_DOUBLE_SCAN:
        pixels *= 2
    interlaced = bool(info.flags & abi.MODE_INTERLACED)
    fields = 2 if interlaced else 1
    refresh = max(1, round(info.clock * 1_000_000 * fields / pixels) if pixels else info.vrefresh * 1000)
    preferred = bool(info.type & abi.MODE_PREFERRED)
    return Mode(info.hdisplay, info.vdisplay, refresh, preferred, bytes(raw), interlaced)


def by_preference(modes: Sequence[Mode], wanted: "Wanted | None" = None) -> list[Mode]:
    """The mode that a person ``wanted`` first, then the screen's preferred one (from its EDID), then as the kernel
    sorted them: the largest and fastest."""
    return sorted(modes, key=lambda mode: (wanted is not None and not wanted.fits(mode), not mode.preferred))


def at_other_rates(modes: Sequence[Mode], mode: Mode) -> dict[int, Mode]:
    """The modes of the same size, by their rates in mHz; the first where several have the same."""
    alike = [one for one in modes if (one.width, one.height) == (mode.width, mode.height) and not one.interlaced]
    return {one.refresh_mhz: one for one in reversed(alike)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A size in pixels and, where it is not 0, a rate: within half a hertz, as 60 stands for 59.94 too."""

    width: int
    height: int
    refresh_mhz: int = 0

    def fits(self, mode: Mode) -> bool:
        near = not self.refresh_mhz or abs(mode.refresh_mhz - self.refresh_mhz) <= HALF_HERTZ
        return (mode.width, mode.height) == (self.width, self.height) and near


_WANTED = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})(?:@([1-9]\d{0,2}(?:\.\d{1,3})?))?", re.ASCII)


def wanted(text: str) -> Wanted:
    """``1920x1080`` or ``1920x1080@59.94``. Raises ValueError, whose text says how to write it."""
    found = _WANTED.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no mode; write it as 1920x1080 or 1920x1080@50")
    width, height, hertz = found.groups()
    return Wanted(int(width), int(height), round(float(hertz or 0) * 1000))


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
    """A layer of a CRTC, with the formats (fourcc) that it takes. ``properties``: name to id; ``enums``: name to the
    values that may be written, by their names (for a bitmask, its bits)."""

    id: int
    primary: bool
    crtc_mask: int
    cursor: bool = False
    formats: frozenset[int] = frozenset()
    properties: dict[str, int] = field(default_factory=dict)
    enums: dict[str, dict[str, int]] = field(default_factory=dict)
    zpos: int | None = None

    @property
    def upright(self) -> dict[str, int]:
        """What makes it show a frame buffer as it is: whoever had the plane before may have turned it."""
        return {name: names["rotate-0"] for name, names in self.enums.items() if "rotate-0" in names}


@dataclass(frozen=True, slots=True)
class Route:
    """Plane → CRTC → connector. ``plane`` is 0 where the driver has no universal planes. ``layers``: all planes of the
    CRTC but the cursor's, lowest first."""

    connector: Connector
    crtc: int
    plane: int
    layers: tuple[Plane, ...] = ()


def _height(plane: Plane) -> tuple[int, bool, int]:
    """Where drivers don't tell (zpos), the primary plane is the lowest, and the others lie as they are listed."""
    return (0 if plane.zpos is None else plane.zpos, not plane.primary, plane.id)


def choose_route(
    connectors: Sequence[Connector], crtcs: Sequence[int], planes: Sequence[Plane], preferred: Sequence[str] = ()
) -> Route | None:
    """The first connector with a screen and a mode, those named in ``preferred`` before all others, in that order; by
    the CRTC that feeds it already, if one does."""
    order = {name: rank for rank, name in enumerate(preferred)}
    for connector in sorted(connectors, key=lambda one: order.get(one.name, len(order))):
        if not (connector.connected and connector.modes):
            continue
        able = [(index, crtc) for index, crtc in enumerate(crtcs) if connector.crtc_mask >> index & 1]
        for index, crtc in sorted(able, key=lambda pair: pair[1] != connector.crtc):
            if not planes:
                return Route(connector, crtc, 0)
            layers = [plane for plane in planes if plane.crtc_mask >> index & 1 and not plane.cursor]
            layers.sort(key=_height)
            primary = [plane.id for plane in layers if plane.primary]
            if primary:
                return Route(connector, crtc, primary[0], tuple(layers))
    return None
