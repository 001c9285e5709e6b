"""Buffers that are used again: two or three for each purpose, of the size and format that is asked for last."""

from collections.abc import Collection, Hashable

from receiver.present.drm.buffer import Buffer
from receiver.present.drm.card import Card
from receiver.present.drm.formats import Format


class Pool:
    """Raises OSError where the card has no more memory."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._buffers: dict[Hashable, list[Buffer]] = {}
        self._stale: list[Buffer] = []

    def take(self, purpose: Hashable, size: tuple[int, int], kind: Format, shown: Collection[int]) -> Buffer:
        """A buffer of which no frame buffer is among ``shown``; the one that was taken longest ago."""
        mine = self._buffers.setdefault(purpose, [])
        fitting = [one for one in mine if (one.size, one.format) == (size, kind)]
        self._stale += [one for one in mine if one not in fitting]
        self._sweep(shown)
        free = next((one for one in fitting if one.framebuffer not in shown), None) if len(fitting) > 1 else None
        if free is None:
            free = Buffer(self._card, size, kind)
        else:
            fitting.remove(free)
        fitting.append(free)
        self._buffers[purpose] = fitting
        return free

    def keep(self, purposes: Collection[Hashable], shown: Collection[int]) -> None:
        """Only these are left."""
        for gone in [purpose for purpose in self._buffers if purpose not in purposes]:
            self._stale += self._buffers.pop(gone)
        self._sweep(shown)

    def _sweep(self, shown: Collection[int]) -> None:
        for one in [one for one in self._stale if one.framebuffer not in shown]:
            self._stale.remove(one)
            one.close()

    def close(self) -> None:
        for one in [*self._stale, *(one for mine in self._buffers.values() for one in mine)]:
            one.close()
        self._stale.clear()
        self._buffers.clear()
