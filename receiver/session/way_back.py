"""To whom what is done at the display itself goes, and that nobody else ever gets a part of it. Pure.

One session gets it at a time: whose picture is shown, and who asked for it. When that is another one:

- the one before is told that all is let go of, and what goes up later is told to nobody;
- keys are kept from the new one until nobody has pressed any for ``QUIET``, or until somebody touches or clicks its
  picture: a person who types a password looks at the keyboard, and may not see that the picture is another's.

The same holds after a key that ended remote control: it meant that, and nothing else.
"""

from typing import Literal, NamedTuple

from receiver.link.hands import Key, LocalInput, Pointer, Touch, Wheel

Kind = Literal["key", "pointer", "wheel", "touch"]
KINDS: tuple[Kind, ...] = ("key", "pointer", "wheel", "touch")
QUIET = 3_000_000_000
MOST_HELD = 64


class Told(NamedTuple):
    """What the session ``who`` is told."""

    who: str
    event: LocalInput


class WayBack:
    """``now`` is monotonic ns. Places are those of the picture."""

    def __init__(self) -> None:
        self.to: str | None = None
        self._kinds: frozenset[Kind] = frozenset()
        self._held: dict[tuple[str, object], LocalInput] = {}
        self._typed_at = -QUIET
        self._withheld = False
        self._over = True
        """Whether the pointer is in the picture, where the wheel turns."""

    def goes(self, to: str | None, kinds: frozenset[Kind] = frozenset()) -> list[Told]:
        """From now on to this session, as far as it wants ``kinds``; None: to nobody."""
        kinds = kinds if to is not None else frozenset()
        if (to, kinds) == (self.to, self._kinds):
            return []
        told = self.let_go()
        self._withheld |= to != self.to
        self.to, self._kinds = to, kinds
        return told

    def let_go(self) -> list[Told]:
        """What is held is held no longer."""
        held, self._held = self._held, {}
        return [Told(self.to, _up(event)) for event in held.values()] if self.to is not None else []

    def typing(self, now: int) -> None:
        """Somebody presses a key at the display; said before ``take``, and also where there is nobody to take it."""
        if now - self._typed_at >= QUIET:
            self._withheld = False
        self._typed_at = now

    def stopped(self, now: int) -> list[Told]:
        """Somebody has pressed a key to end remote control."""
        self._withheld = True
        self._typed_at = now
        return self.let_go()

    def take(self, event: LocalInput, within: bool = True) -> Told | None:
        """Who is told of it. ``within``: its place is in the picture, and not beside it."""
        if self.to is None or kind_of(event) not in self._kinds:
            return None
        if isinstance(event, Wheel):
            return Told(self.to, event) if self._over else None
        if isinstance(event, Pointer):
            self._over = within
        name = _name(event)
        match event.action:
            case "up":
                return Told(self.to, event) if self._held.pop(name, None) is not None else None
            case "move":
                wanted = within or self._drags if isinstance(event, Pointer) else name in self._held
                return Told(self.to, event) if wanted else None
        if name not in self._held:
            if isinstance(event, Key):
                if self._withheld:
                    return None
            elif not within:
                return None
            if len(self._held) >= MOST_HELD:
                return None
        if not isinstance(event, Key):
            self._withheld = False
        self._held[name] = event
        return Told(self.to, event)

    @property
    def _drags(self) -> bool:
        return any(isinstance(event, Pointer) for event in self._held.values())


def kind_of(event: LocalInput) -> Kind:
    """As ``input.accept`` names it."""
    match event:
        case Key():
            return "key"
        case Pointer():
            return "pointer"
        case Wheel():
            return "wheel"
        case Touch():
            return "touch"


def _name(event: Key | Pointer | Touch) -> tuple[str, object]:
    match event:
        case Key(code):
            return "key", code
        case Pointer(button=button):
            return "button", button
        case Touch(finger):
            return "finger", finger


def _up(event: LocalInput) -> LocalInput:
    match event:
        case Key(code):
            return Key(code, "up")
        case Pointer(x, y, button=button):
            return Pointer(x, y, "up", button)
        case Touch(finger, x=x, y=y):
            return Touch(finger, "up", x, y)
    return event
