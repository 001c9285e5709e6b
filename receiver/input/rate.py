"""How fast one session may send events: a token bucket. Pure."""

SECOND = 1_000_000_000
PER_SECOND = 250
"""A pointer moves at most once for each picture of a fast screen, and somebody may type meanwhile."""

BURST = 500


class Rate:
    """``now`` is monotonic ns."""

    def __init__(self) -> None:
        self._full_at = 0

    def spend(self, cost: int, now: int) -> bool:
        """Take ``cost`` events; False where that is too soon, and nothing is taken."""
        full_at = max(self._full_at, now) + cost * SECOND // PER_SECOND
        if full_at - now > BURST * SECOND // PER_SECOND:
            return False
        self._full_at = full_at
        return True
