"""What is held down, and by whom: the table that leaves no key stuck. Pure.

| event | a key that nobody holds | that its sender holds | that somebody else holds |
| --- | --- | --- | --- |
| down | down | a sign of life, nothing else | theirs too, nothing else |
| up | nothing | up, if nobody else holds it | nothing |

A key goes up with the last who holds it: by its up, by ``let_go`` (they are gone, or may no longer), or since nothing
came from them for ``LEASE`` (their network is gone, and the display has not noticed yet). A person holds at most
``MOST`` keys; one more lets the oldest go.
"""

from typing import NamedTuple

SECOND = 1_000_000_000
LEASE = 3 * SECOND
"""Senders repeat the down of what they hold each second."""

MOST = 16
REPEAT_AFTER = SECOND // 2
REPEAT_EVERY = SECOND // 30


class Control(NamedTuple):
    """A key, a button or a finger of one of our devices."""

    device: str
    code: int


class Change(NamedTuple):
    """``value``: 1 down, 0 up, 2 again, as the kernel has it."""

    control: Control
    value: int


class Held:
    """Who holds what; ``now`` is monotonic ns. ``repeats``: devices whose keys repeat while they are held."""

    def __init__(self, repeats: frozenset[str] = frozenset(), silent: frozenset[int] = frozenset()) -> None:
        self._repeats = repeats
        self._silent = silent
        self._mine: dict[str, dict[Control, None]] = {}
        self._seen: dict[str, int] = {}
        self._again: tuple[Control, int] | None = None

    def holds(self, control: Control) -> bool:
        return any(control in mine for mine in self._mine.values())

    @property
    def idle(self) -> bool:
        return not self._mine

    def codes(self, device: str) -> set[int]:
        """What is down on a device."""
        return {control.code for mine in self._mine.values() for control in mine if control.device == device}

    def down(self, who: str, control: Control, now: int) -> list[Change]:
        """``who`` presses."""
        changes = []
        mine = self._mine.setdefault(who, {})
        self._seen[who] = now
        if control in mine:
            return []
        if len(mine) >= MOST:
            changes += self.up(who, next(iter(mine)), now)
            mine = self._mine.setdefault(who, {})
        if not self.holds(control):
            changes.append(Change(control, 1))
            if control.device in self._repeats and control.code not in self._silent:
                self._again = control, now + REPEAT_AFTER
        mine[control] = None
        return changes

    def up(self, who: str, control: Control, now: int) -> list[Change]:
        """``who`` lets go."""
        mine = self._mine.get(who, {})
        if control not in mine:
            return []
        self._seen[who] = now
        del mine[control]
        if not mine:
            self._forget(who)
        if self.holds(control):
            return []
        if self._again is not None and self._again[0] == control:
            self._again = None
        return [Change(control, 0)]

    def lift(self, control: Control, now: int) -> list[Change]:
        """Whoever holds it lets go of it."""
        return [change for who in list(self._mine) for change in self.up(who, control, now)]

    def alive(self, who: str, now: int) -> None:
        """Something else came from ``who``."""
        if who in self._seen:
            self._seen[who] = now

    def let_go(self, who: str) -> list[Change]:
        """``who`` is gone, or may no longer."""
        return [change for control in list(self._mine.get(who, ())) for change in self.up(who, control, 0)]

    def let_all_go(self) -> list[Change]:
        return [change for who in list(self._mine) for change in self.let_go(who)]

    def _forget(self, who: str) -> None:
        del self._mine[who], self._seen[who]

    def tick(self, now: int) -> list[Change]:
        """Let go of what nobody vouches for any more, and repeat the key that was pressed last."""
        changes = [
            change for who, seen in list(self._seen.items()) if now - seen >= LEASE for change in self.let_go(who)
        ]
        if self._again is not None and now >= self._again[1]:
            changes.append(Change(self._again[0], 2))
            self._again = self._again[0], now + REPEAT_EVERY
        return changes

    def deadline(self) -> int | None:
        """When ``tick`` is to be called next; None while nothing is held."""
        times = [seen + LEASE for seen in self._seen.values()]
        if self._again is not None:
            times.append(self._again[1])
        return min(times, default=None)
