"""What a display answers, typed (DDP.md section 10): it may be anybody. Pure."""

from typing import TypeVar

import msgspec

from scripts.sender.errors import Lost

T = TypeVar("T")


class Greeting(msgspec.Struct, frozen=True):
    """What a display says of itself in row 1."""

    ddp_session_id: str
    display_id: str
    display_name: str
    capability: str
    jwk: dict[str, str]
    nonce: str


class Started(msgspec.Struct, frozen=True):
    """Row 2: for how long the secret is good, and for how many tries."""

    expires_in_s: float
    tries_left: int


class Shared(msgspec.Struct, frozen=True):
    """Row 3: Y_b."""

    share: str


class Confirmed(msgspec.Struct, frozen=True):
    """Row 4: the display's proof, and the token's id."""

    mac: str
    sig: str
    jti: str


class Answered(msgspec.Struct, frozen=True):
    """Row 6."""

    sdp: str
    stream: int


def read(value: object, kind: type[T]) -> T:
    """What a display sent as ``kind``. Raises Lost."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Lost(f"The display sent something that can't be taken: {error}. Connect again.") from error
