"""How each sender's picture and sound are given: kept from one of its streams to the next, while it is here."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from weakref import WeakKeyDictionary

from receiver.app.screen import Screen
from receiver.link import SetPicture


@dataclass(frozen=True)
class Manner:
    """``degrees``: turned clockwise; at ``scale`` 1 the picture fits its place; ``level``: from 0 to 1."""

    degrees: Literal[0, 90, 180, 270] = 0
    scale: float = 1.0
    level: float = 1.0
    muted: bool = False


class Manners:
    """Every sender's manner; one that has asked for nothing has the plain one."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._manners: WeakKeyDictionary[object, Manner] = WeakKeyDictionary()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._manners)

    def change(self, sharer: object, **changed: Any) -> None:
        """Another manner, for the streams that are given from now on."""
        self._manners[sharer] = replace(self._of(sharer), **changed)

    def give(self, stream: int, sharer: object) -> None:
        """Show ``sharer``'s stream in its manner."""
        manner = self._of(sharer)
        self._screen.place(SetPicture(stream, manner.degrees, manner.scale))
        self._screen.set_volume(stream, 0.0 if manner.muted else manner.level)

    def _of(self, sharer: object) -> Manner:
        return self._manners.get(sharer, Manner())
