"""What was seen lately, so that nothing is taken twice. Pure."""

import hashlib
from collections import OrderedDict

from receiver.errors import PeerError
from receiver.trust.limits import RateLimited

MAX_ENTRIES = 1024


class SeenBefore(PeerError):
    """A nonce or an id that was used before."""


class ReplayCache:
    """Remembers values for ``window_ns``, at most ``MAX_ENTRIES`` of them.

    Drop rule: none is forgotten early, for it could be replayed then; while it is full, new ones are refused.
    """

    def __init__(self, window_ns: int, most: int = MAX_ENTRIES) -> None:
        self._window = window_ns
        self._most = most
        self._until: OrderedDict[bytes, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def check(self, what: str, value: str | bytes, now: int) -> None:
        """Remember ``value``. Raises SeenBefore, RateLimited. ``what``: the field's name, which keeps fields apart."""
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        key = hashlib.sha256(what.encode() + b"\0" + raw).digest()
        if key in self._until:
            raise SeenBefore(f"this {what} was used before")
        if len(self._until) >= self._most:
            wait = next(iter(self._until.values())) - now
            raise RateLimited("This session has sent too many requests within a short time.", wait)
        self._until[key] = now + self._window
