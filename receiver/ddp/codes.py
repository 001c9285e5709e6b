"""Error and close codes (DDP.md sections 3 and 10), and the error that carries them to the peer. Pure."""

from enum import IntEnum

from receiver.errors import PeerError


class ErrorCode(IntEnum):
    """JSON-RPC 2.0's own codes and ours."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    UNAUTHENTICATED = -32001
    FORBIDDEN = -32002
    PAIRING_FAILED = -32003
    LOCKED = -32004
    REPLAY = -32005
    SESSION_EXPIRED = -32006
    RESUME_REFUSED = -32007
    BUSY = -32008
    RATE_LIMITED = -32009
    NO_COMMON_CAPABILITY = -32010
    NO_SUCH_SUBSCRIPTION = -32011
    ACK_TIMED_OUT = -32012


class CloseCode(IntEnum):
    """Why a WebSocket is closed (RFC 6455 section 7.4.1, and 4000 up for our own)."""

    BYE = 1000
    GOING_AWAY = 1001
    BROKEN = 1002
    POLICY = 1008
    TOO_BIG = 1009
    TRY_LATER = 1013
    IDLE = 4000
    HANDSHAKE_TIMEOUT = 4001
    REPLACED = 4002
    UNACKNOWLEDGED = 4003


SHORT: dict[ErrorCode, str] = {
    ErrorCode.PARSE_ERROR: "parse error",
    ErrorCode.INVALID_REQUEST: "invalid request",
    ErrorCode.METHOD_NOT_FOUND: "method not found",
    ErrorCode.INVALID_PARAMS: "invalid params",
    ErrorCode.INTERNAL_ERROR: "internal error",
    ErrorCode.UNAUTHENTICATED: "unauthenticated",
    ErrorCode.FORBIDDEN: "forbidden",
    ErrorCode.PAIRING_FAILED: "pairing failed",
    ErrorCode.LOCKED: "locked",
    ErrorCode.REPLAY: "replay",
    ErrorCode.SESSION_EXPIRED: "session expired",
    ErrorCode.RESUME_REFUSED: "resume refused",
    ErrorCode.BUSY: "busy",
    ErrorCode.RATE_LIMITED: "rate limited",
    ErrorCode.NO_COMMON_CAPABILITY: "no common capability",
    ErrorCode.NO_SUCH_SUBSCRIPTION: "no such subscription",
    ErrorCode.ACK_TIMED_OUT: "acknowledgement timed out",
}
"""The ``message`` of each error; what to do about it is the sentence in ``data.advice``."""


class Refusal(PeerError):
    """A request that is answered with an error; ``advice`` is a sentence for a person."""

    def __init__(self, code: ErrorCode, advice: str, **data: object) -> None:
        super().__init__(advice)
        self.code = code
        self.advice = advice
        self.data = data

    def as_error(self) -> dict[str, object]:
        """The JSON-RPC error object."""
        return {"code": int(self.code), "message": SHORT[self.code], "data": {"advice": self.advice, **self.data}}


def as_refusal(error: PeerError) -> Refusal:
    """How an error of the peer's is told to it."""
    return error if isinstance(error, Refusal) else Refusal(ErrorCode.INVALID_PARAMS, str(error))
