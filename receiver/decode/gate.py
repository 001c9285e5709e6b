"""Keeps what can't be decoded away from a decoder, and asks for keyframes until one comes. Pure.

Two states: open (every frame passes) and waiting (only a keyframe passes, and it opens the gate). A lost request
would freeze the picture for good, so a waiting gate asks again every ``REPEAT_NS``.
"""

from receiver.media import EncodedFrame

REPEAT_NS = 500_000_000
"""Between requests; a keyframe is large, so a sender must have the time to send the last one asked for."""

PATIENCE_NS = 200_000_000
"""Before the first request of a new stream: it begins with a keyframe by itself, a restarted stage's doesn't."""


class KeyframeGate:
    """Starts waiting at ``now``: a decoder knows nothing yet."""

    def __init__(self, now: int) -> None:
        self.waiting = True
        self._cause = "attached"
        self._patient = True
        self._ask_at = now + PATIENCE_NS

    def admit(self, frame: EncodedFrame, now: int) -> bool:
        """Whether the decoder may have this frame."""
        if frame.keyframe:
            self.waiting = False
        elif self.waiting:
            if self._patient:
                self._patient, self._ask_at = False, min(self._ask_at, now)
        elif frame.discontinuity:
            self.shut("discontinuity", now)
        return not self.waiting

    def shut(self, cause: str, now: int) -> None:
        """The decoder lost its way; ask at once unless it was already waiting."""
        if not self.waiting:
            self.waiting = True
            self._cause = cause
            self._ask_at = now

    def request(self, now: int) -> str | None:
        """The cause to put into a keyframe request that is due now, or None. Call it until it gives None."""
        if not self.waiting or now < self._ask_at:
            return None
        self._patient, self._ask_at = False, now + REPEAT_NS
        return self._cause

    def deadline(self) -> int | None:
        """When ``request`` should be asked next, or None while open."""
        return self._ask_at if self.waiting else None
