"""A graphics card's descriptor: what hangs on it, by ioctl."""

import contextlib
import ctypes
import errno
import fcntl
import os
import select
from collections.abc import Sequence
from ctypes import addressof
from pathlib import Path
from typing import TypeVar

from receiver.errors import BackendUnavailable
from receiver.present.drm import abi, events
from receiver.present.drm.modes import Connector, Plane, parse

S = TypeVar("S", bound=ctypes.Structure | ctypes.c_uint32)

EVENTS_BYTES = 4096
MAX_NAME = 64
CHOICES = ("COLOR_ENCODING", "COLOR_RANGE", "rotation")
"""Properties of planes that are set to one of some named values."""

PERMISSION = "this user may not open {path}; add the user to the group video and log in again"
BUSY = "another program, a desktop most likely, holds the screen of {path}; end it, or start inside that desktop"
GONE = "{path} can't be opened ({error}); check that its driver runs (dmesg tells)"
NO_SCREENS = "{path} drives no screens (a graphics card for rendering only)"
NO_MEMORY = "the driver of {path} offers no plain memory to draw into (DRM_CAP_DUMB_BUFFER)"


class Card:
    """An open card of which we are the master: nobody else can change what it shows.

    Raises BackendUnavailable where it can't be opened, has no screens, or another process is its master, and where
    ``draws`` but it has no memory for that. Every method raises OSError where the kernel refuses.
    """

    def __init__(self, path: Path, draws: bool = True) -> None:
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        except PermissionError as error:
            raise BackendUnavailable(PERMISSION.format(path=path)) from error
        except OSError as error:
            raise BackendUnavailable(GONE.format(path=path, error=error.strerror)) from error
        try:
            self._begin(draws)
        except BaseException:
            os.close(self.fd)
            raise

    def _begin(self, draws: bool) -> None:
        try:
            resources = self.ioctl(abi.GET_RESOURCES, abi.Resources())
        except OSError as error:
            raise BackendUnavailable(NO_SCREENS.format(path=self.path)) from error
        if not (resources.crtc_count and resources.connector_count):
            raise BackendUnavailable(NO_SCREENS.format(path=self.path))
        if not self.take():
            raise BackendUnavailable(BUSY.format(path=self.path))
        if draws and not self.capability(abi.CAP_DUMB_BUFFER):
            raise BackendUnavailable(NO_MEMORY.format(path=self.path))
        self.modifiers = bool(self.capability(abi.CAP_ADDFB2_MODIFIERS))
        self.driver = self._driver()
        self.atomic = self._wants(abi.CLIENT_CAP_UNIVERSAL_PLANES) and self._wants(abi.CLIENT_CAP_ATOMIC)

    def ioctl(self, number: int, data: S) -> S:
        """One call; ``data`` is written over by the kernel's answer."""
        while True:
            try:
                fcntl.ioctl(self.fd, number, data, True)
                return data
            except OSError as error:
                if error.errno not in (errno.EINTR, errno.EAGAIN):
                    raise

    def take(self) -> bool:
        """Become the master, who may change what is shown; False where another program is."""
        try:
            fcntl.ioctl(self.fd, abi.SET_MASTER, 0)
        except OSError:
            return False
        return True

    def drop(self) -> None:
        """Let another program be the master. What is shown stays until it shows something else."""
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.fd, abi.DROP_MASTER, 0)

    def close(self) -> None:
        """Frame buffers go with it, and the kernel's console comes back where it has one."""
        os.close(self.fd)

    def capability(self, number: int) -> int:
        return int(self.ioctl(abi.GET_CAP, abi.Capability(number, 0)).value)

    def _wants(self, client_capability: int) -> bool:
        try:
            self.ioctl(abi.SET_CLIENT_CAP, abi.Capability(client_capability, 1))
        except OSError:
            return False
        return True

    def _driver(self) -> str:
        name = ctypes.create_string_buffer(MAX_NAME)
        self.ioctl(abi.VERSION, abi.Version(name_len=MAX_NAME - 1, name_ptr=addressof(name)))
        return name.value.decode(errors="replace")

    def connectors_and_crtcs(self) -> tuple[list[Connector], list[int]]:
        """Asks each connector for its screen, which may take a moment (EDID)."""
        connectors, crtcs = self._connector_and_crtc_ids()
        return [self._connector(number) for number in connectors], crtcs

    def objects(self) -> list[tuple[int, int]]:
        """Connectors, CRTCs and planes: their ids with their OBJECT_* kinds."""
        connectors, crtcs = self._connector_and_crtc_ids()
        return [
            *((number, abi.OBJECT_CONNECTOR) for number in connectors),
            *((number, abi.OBJECT_CRTC) for number in crtcs),
            *((number, abi.OBJECT_PLANE) for number in self._plane_ids()),
        ]

    def _connector_and_crtc_ids(self) -> tuple[list[int], list[int]]:
        count = self.ioctl(abi.GET_RESOURCES, abi.Resources())
        crtcs, connectors = (abi.u32 * count.crtc_count)(), (abi.u32 * count.connector_count)()
        self.ioctl(
            abi.GET_RESOURCES,
            abi.Resources(
                crtc_ptr=addressof(crtcs),
                crtc_count=count.crtc_count,
                connector_ptr=addressof(connectors),
                connector_count=count.connector_count,
            ),
        )
        return list(connectors), list(crtcs)

    def _connector(self, number: int) -> Connector:
        count = self.ioctl(abi.GET_CONNECTOR, abi.Connector(id=number))
        modes, encoders = (abi.ModeInfo * count.mode_count)(), (abi.u32 * count.encoder_count)()
        got = self.ioctl(
            abi.GET_CONNECTOR,
            abi.Connector(
                id=number,
                mode_ptr=addressof(modes),
                mode_count=count.mode_count,
                encoder_ptr=addressof(encoders),
                encoder_count=count.encoder_count,
            ),
        )
        known = abi.CONNECTOR_NAMES[got.type] if got.type < len(abi.CONNECTOR_NAMES) else "Unknown"
        found = [self.ioctl(abi.GET_ENCODER, abi.Encoder(id=encoder)) for encoder in encoders]
        mask = 0
        for encoder in found:
            mask |= encoder.possible_crtcs
        return Connector(
            id=number,
            name=f"{known}-{got.type_id}",
            connected=got.connection == abi.CONNECTED,
            modes=tuple(parse(bytes(mode)) for mode in modes[: got.mode_count]),
            crtc_mask=mask,
            crtc=next((encoder.crtc for encoder in found if encoder.id == got.encoder), 0),
            size_mm=(got.mm_width, got.mm_height),
        )

    def planes(self) -> list[Plane]:
        return [self._plane(number) for number in self._plane_ids()]

    def _plane_ids(self) -> list[int]:
        count = self.ioctl(abi.GET_PLANE_RESOURCES, abi.PlaneResources()).plane_count
        numbers = (abi.u32 * count)()
        self.ioctl(abi.GET_PLANE_RESOURCES, abi.PlaneResources(addressof(numbers), count))
        return list(numbers)

    def _plane(self, number: int) -> Plane:
        found = self.properties(number, abi.OBJECT_PLANE)
        count = self.ioctl(abi.GET_PLANE, abi.Plane(id=number)).format_count
        formats = (abi.u32 * count)()
        plane = abi.Plane(id=number, format_count=count, format_ptr=addressof(formats))
        possible = self.ioctl(abi.GET_PLANE, plane).possible_crtcs
        kind = found.get("type", (0, 0))[1]
        return Plane(
            id=number,
            primary=kind == abi.PLANE_PRIMARY,
            crtc_mask=possible,
            cursor=kind == abi.PLANE_CURSOR,
            formats=frozenset(formats),
            properties={name: identity for name, (identity, _) in found.items()},
            enums={name: self._enum(found[name][0]) for name in CHOICES if name in found},
            zpos=found["zpos"][1] if "zpos" in found else None,
        )

    def _enum(self, number: int) -> dict[str, int]:
        """What may be written to a property that is a choice: names to values, for a bitmask its bits."""
        count = self.ioctl(abi.GET_PROPERTY, abi.Property(id=number)).enum_count
        known = (abi.PropertyEnum * count)()
        asked = abi.Property(id=number, enum_ptr=addressof(known), enum_count=count)
        bits = self.ioctl(abi.GET_PROPERTY, asked).flags & abi.PROPERTY_BITMASK
        return {one.name.decode(): 1 << one.value if bits else one.value for one in known[: asked.enum_count]}

    def properties(self, number: int, kind: int) -> dict[str, tuple[int, int]]:
        """Name to property id and present value, of an object of that OBJECT_* kind."""
        count = self.ioctl(abi.GET_OBJECT_PROPERTIES, abi.ObjectProperties(object=number, object_type=kind)).prop_count
        ids, values = (abi.u32 * count)(), (abi.u64 * count)()
        self.ioctl(
            abi.GET_OBJECT_PROPERTIES, abi.ObjectProperties(addressof(ids), addressof(values), count, number, kind)
        )
        names = [self.ioctl(abi.GET_PROPERTY, abi.Property(id=number)).name.decode() for number in ids]
        return {name: (number, value) for name, number, value in zip(names, ids, values, strict=True)}

    def power(self, connector: int, on: bool) -> bool:
        """Turn the screen on a connector on, or to standby (DPMS); False where the driver can't."""
        number, _ = self.properties(connector, abi.OBJECT_CONNECTOR).get("DPMS", (0, 0))
        level = abi.DPMS_ON if on else abi.DPMS_OFF
        try:
            self.ioctl(abi.SET_OBJECT_PROPERTY, abi.SetProperty(level, number, connector, abi.OBJECT_CONNECTOR))
        except OSError:
            return False
        return True

    def crtc(self, number: int) -> abi.Crtc:
        """What the CRTC shows now."""
        return self.ioctl(abi.GET_CRTC, abi.Crtc(id=number))

    def shown(self) -> list[tuple[abi.Crtc, list[int]]]:
        """What the card shows now, as ``set_crtc`` takes it."""
        connectors, crtcs = self.connectors_and_crtcs()
        states = [state for state in map(self.crtc, crtcs) if state.mode_valid and state.fb]
        return [(state, [one.id for one in connectors if one.crtc == state.id]) for state in states]

    def set_crtc(self, state: abi.Crtc, connectors: Sequence[int]) -> None:
        """Show ``state`` on these connectors, without regard to VSync; none of them turns the CRTC off."""
        ids = (abi.u32 * len(connectors))(*connectors)
        state.connector_ptr, state.connector_count = addressof(ids), len(ids)
        self.ioctl(abi.SET_CRTC, state)

    def vblank(self, crtc: int) -> int | None:
        """When the last vblank was, in ns of CLOCK_MONOTONIC; 0 where the driver has not looked yet; None where it has
        no vblanks to tell of and flips at once."""
        try:
            return int(self.ioctl(abi.CRTC_GET_SEQUENCE, abi.Sequence(crtc)).ns)
        except OSError:
            return None

    def flips(self, timeout_s: float) -> list[events.Flipped]:
        """Page flips that have completed; waits for the first at most so long."""
        poller = select.poll()
        poller.register(self.fd, select.POLLIN)
        if not poller.poll(timeout_s * 1000):
            return []
        try:
            return events.flips(os.read(self.fd, EVENTS_BYTES))
        except BlockingIOError:
            return []
