"""What can go wrong for whoever casts: a sentence to act on, and an exit status for scripts."""

from typing import Any

STATUS = {-32003: 4, -32008: 5, -32004: 6, -32009: 6}
"""Exit statuses of refusals: pairing failed, busy, locked, rate limited."""


class SenderError(Exception):
    """Base of all. ``status``: the process's exit status."""

    status = 1


class NotFound(SenderError):
    """No such display, or it can't be reached."""

    status = 3


class NotProven(SenderError):
    """The display does not know the secret that it shows, or does not hold its key."""

    status = 4


class Lost(SenderError):
    """The connection or the cast ended, and not by our wish."""

    status = 7


class NoSource(SenderError):
    """There is nothing here to cast: no screen that may be captured, no file that can be played."""

    status = 8


class Closed(Lost):
    """The display closed the WebSocket. ``code``: RFC 6455 and DDP.md section 10; ``reason``: a sentence, or empty."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"The display ended the connection ({code}). {reason}".rstrip())
        self.code = code
        self.reason = reason


class Refused(SenderError):
    """The display answered a request with an error. ``code`` and ``data`` as in DDP.md section 3."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.code = code
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        super().__init__(self.data.get("advice") or f"The display refused: {message} ({code}).")
        self.status = STATUS.get(code, 1)

    @property
    def advice(self) -> str:
        return str(self.data["advice"])

    @property
    def tries_left(self) -> int:
        """Of a PIN; 0 where another must be asked for."""
        left = self.data.get("tries_left")
        return left if isinstance(left, int) else 0
