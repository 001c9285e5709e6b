"""H.264's scaling matrices (ITU-T H.264, sections 7.3.2.1.1.1, 7.4.2.1.1 and 8.5.6). Pure."""

from receiver.decode.api import DecodeError
from receiver.decode.stateless.bits import Bits
from receiver.decode.stateless.h264_abi import Scaling

Lists = tuple[tuple[int, ...], ...]
"""Six of 16 numbers and six of 64, in the order of the zig-zag scan."""


def _zigzag(side: int) -> tuple[int, ...]:
    """From the place in the scan to the place in rows."""
    places = [(x, y) for y in range(side) for x in range(side)]
    places.sort(key=lambda at: (sum(at), at[0] if sum(at) % 2 == 0 else at[1]))
    return tuple(y * side + x for x, y in places)


ZIGZAG = {16: _zigzag(4), 64: _zigzag(8)}

_INTRA_4 = (6, 13, 13, 20, 20, 20, 28, 28, 28, 28, 32, 32, 32, 37, 37, 42)
_INTER_4 = (10, 14, 14, 20, 20, 20, 24, 24, 24, 24, 27, 27, 27, 30, 30, 34)
_INTRA_8 = (
    *(6, 10, 10, 13, 11, 13, 16, 16, 16, 16, 18, 18, 18, 18, 18, 23, 23, 23, 23, 23, 23, 25, 25, 25, 25, 25, 25, 25),
    *(27, 27, 27, 27, 27, 27, 27, 27, 29, 29, 29, 29, 29, 29, 29, 31, 31, 31, 31, 31, 31, 33, 33, 33, 33, 33, 36, 36),
    *(36, 36, 38, 38, 38, 40, 40, 42),
)
_INTER_8 = (
    *(9, 13, 13, 15, 13, 15, 17, 17, 17, 17, 19, 19, 19, 19, 19, 21, 21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22),
    *(24, 24, 24, 24, 24, 24, 24, 24, 25, 25, 25, 25, 25, 25, 25, 27, 27, 27, 27, 27, 27, 28, 28, 28, 28, 28, 30, 30),
    *(30, 30, 32, 32, 32, 33, 33, 35),
)
FLAT: Lists = ((16,) * 16,) * 6 + ((16,) * 64,) * 6
DEFAULTS: Lists = (*(_INTRA_4,) * 3, *(_INTER_4,) * 3, *(_INTRA_8, _INTER_8) * 3)
"""Tables 7-3 and 7-4."""


def read(bits: Bits, eight: bool, otherwise: Lists) -> Lists:
    """The lists of a parameter set, whose flag that it has some is read. ``eight``: it has those of 8x8 for luma, as
    4:2:0 has no others; ``otherwise``: for the first list of each kind that isn't there (fall-back rule A or B)."""
    found: list[tuple[int, ...]] = []
    for index in range(8 if eight else 6):
        first = index in (0, 3, 6, 7)
        if not bits.flag():
            found.append(otherwise[index] if first else found[index - 1])
        else:
            found.append(_list(bits, len(FLAT[index])) or DEFAULTS[index])
    found += otherwise[len(found) : 8]
    return (*found, *found[6:8] * 2)


def _list(bits: Bits, size: int) -> tuple[int, ...] | None:
    """One list; None: the default one."""
    found: list[int] = []
    last = following = 8
    for index in range(size):
        if following:
            step = bits.se()
            if not -128 <= step <= 127:
                raise DecodeError(f"a step of a scaling list is {step}; it has to be within -128 and 127")
            following = (last + step) % 256
            if index == 0 and following == 0:
                return None
        last = following or last
        found.append(last)
    return tuple(found)


def in_rows(lists: Lists) -> Scaling:
    """As the kernel takes them."""
    said = Scaling()
    for index, numbers in enumerate(lists):
        target = said.scaling_list_4x4[index] if index < 6 else said.scaling_list_8x8[index - 6]
        for place, number in zip(ZIGZAG[len(numbers)], numbers, strict=True):
            target[place] = number
    return said
