"""Which pictures miss their VSync, and why. Pure.

A picture is due at a VSync (the pacer's deadline). Its way there: ready (decoded) → begun (chosen by the presenter's
thread) → handed over (drawn, given to the driver) → taken (the driver has done its part) → on the screen. It misses
where it is shown at a later VSync, and the first step that came too late is the cause:

* ``ready_late``: it was decoded too late to be drawn for that VSync.
* ``told_late``: the thread was still waiting to hear of the flip before, which had long been on the screen.
* ``woken_late``: the thread came too late for another reason: busy with what it drew before, or not woken in time.
* ``drawn_late``: drawing took longer than it mostly does.
* ``taken_late``: the driver's own part of it took too long, or our thread was kept from a processor in it.
* ``driver_late``: the driver had it in time, and showed it at a later VSync all the same.
"""

from typing import Literal, NamedTuple, Protocol

Cause = Literal["ready_late", "told_late", "woken_late", "drawn_late", "taken_late", "driver_late"]

LEAD_NS = 1_000_000
"""What is handed over less than this before a VSync may rightly go to the next."""


class Due(NamedTuple):
    """In ns: the VSync a picture is due at, when drawing must begin for that, and since when it was ready."""

    vsync_ns: int
    begin_ns: int
    ready_ns: int


class Shown(Protocol):
    """What an output tells of one flip (``present.api.Flip``), in ns."""

    @property
    def handed_ns(self) -> int: ...
    @property
    def taken_ns(self) -> int: ...
    @property
    def on_screen_ns(self) -> int: ...
    @property
    def told_ns(self) -> int: ...


def missed(due: Due, began_ns: int, flip: Shown, before: Shown | None, period_ns: int) -> Cause | None:
    """Why a picture missed; None where it was in time. ``before``: the flip before this one."""
    if flip.on_screen_ns - due.vsync_ns < period_ns // 2:
        return None
    if due.ready_ns > due.begin_ns:
        return "ready_late"
    if began_ns > due.begin_ns:
        held = before is not None and before.on_screen_ns + LEAD_NS < due.begin_ns < before.told_ns
        return "told_late" if held else "woken_late"
    if flip.handed_ns > due.vsync_ns - LEAD_NS:
        return "drawn_late"
    return "taken_late" if flip.taken_ns > due.vsync_ns else "driver_late"
