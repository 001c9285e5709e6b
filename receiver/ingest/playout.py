"""How long a sender wants its pictures to be on the way to the screen (WebRTC's playout-delay header extension). Pure.

Twelve bits each for the least and the most, in steps of 10 ms. They hold until others come.
"""

_STEP_NS = 10_000_000

Limits = tuple[int, int]
"""The least and the most, in ns."""


def read(value: bytes) -> Limits | None:
    """The limits in one; None where it is none, or its least is more than its most."""
    if len(value) != 3:
        return None
    both = int.from_bytes(value)
    least, most = both >> 12, both & 0xFFF
    return (least * _STEP_NS, most * _STEP_NS) if least <= most else None
