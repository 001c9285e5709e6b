"""What a VP9 frame changes of probabilities: the compressed header (VP9 bitstream specification, 6.3). Pure."""

import ctypes
from collections.abc import Sequence

from receiver.decode.api import DecodeError
from receiver.decode.stateless import vp9_abi as abi
from receiver.decode.stateless.bool_decoder import BoolDecoder

CHANGE = bytes([252]) * 400
"""That a probability stays, as often as there may be one in a row."""
SELECT_SIZE = 4
"""TX_MODE_SELECT"""
_COARSE = tuple(range(7, 255, 13))
STEPS = (*_COARSE, *(step for step in range(1, 254) if step not in _COARSE), 253)
"""inv_map_table, section 6.3.5"""
COEFFICIENTS: Sequence[int] = [
    ((kind * 6 + band) * 6 + context) * 3 + node
    for kind in range(4)
    for band in range(6)
    for context in range(6 if band else 3)
    for node in range(3)
]
"""Where in the kernel's array those are that there are: the first band has 3 contexts, not 6."""


def read(data: bytes, frame: abi.Frame, lossless: bool, intra: bool) -> abi.Changes:
    """``frame``: what the uncompressed header says; its ``reference_mode`` is set here. Raises DecodeError."""
    bits = BoolDecoder(data)
    if bits.bool():
        raise DecodeError("a VP9 frame's compressed header does not begin as one")
    said = abi.Changes()
    if not lossless:
        said.tx_mode = bits.u(2)
        if said.tx_mode == SELECT_SIZE - 1:
            said.tx_mode += bits.u(1)
    if said.tx_mode == SELECT_SIZE:
        _change(bits, said.tx8, said.tx16, said.tx32)
    for size in range(min(said.tx_mode, 3) + 1):
        if bits.bool():
            _change_coefficients(bits, said.coef[size])
    _change(bits, said.skip)
    if not intra:
        _change(bits, said.inter_mode)
        if frame.interpolation_filter == abi.SWITCHABLE:
            _change(bits, said.interp_filter)
        _change(bits, said.is_inter)
        frame.reference_mode = _reference_mode(bits, frame.ref_frame_sign_bias)
        if frame.reference_mode == abi.SELECT:
            _change(bits, said.comp_mode)
        if frame.reference_mode != abi.COMPOUND:
            _change(bits, said.single_ref)
        if frame.reference_mode != abi.SINGLE:
            _change(bits, said.comp_ref)
        _change(bits, said.y_mode, said.partition)
        _change_motion(bits, said.mv, bool(frame.flags & abi.PRECISE_MOTION))
    if bits.taken > 8 * len(data):
        raise DecodeError("a VP9 frame's compressed header ends too soon")
    return said


def _reference_mode(bits: BoolDecoder, signs: int) -> int:
    """Section 6.3.10: two pictures may be mixed where one is shown later and one earlier."""
    if signs in (0, 7) or not bits.bool():
        return abi.SINGLE
    return abi.SELECT if bits.bool() else abi.COMPOUND


def _flat(array: "ctypes.Array[ctypes.c_uint8]") -> "ctypes.Array[ctypes.c_uint8]":
    """The numbers of an array of arrays, one after the other, where they are."""
    return (ctypes.c_uint8 * ctypes.sizeof(array)).from_buffer(array)


def _change(bits: BoolDecoder, *arrays: "ctypes.Array[ctypes.c_uint8]") -> None:
    """Section 6.3.3, for each number of each."""
    for array in arrays:
        flat = _flat(array)
        place, count = -1, len(flat)
        while (place := bits.first_true(CHANGE[:count], place + 1)) < count:
            flat[place] = STEPS[_step(bits)]


def _change_coefficients(bits: BoolDecoder, array: "ctypes.Array[ctypes.Array[ctypes.c_uint8]]") -> None:
    """Section 6.3.7, of one size of transform."""
    flat = _flat(array)  # type: ignore[arg-type]
    place, count = -1, len(COEFFICIENTS)
    while (place := bits.first_true(CHANGE[:count], place + 1)) < count:
        flat[COEFFICIENTS[place]] = STEPS[_step(bits)]


def _step(bits: BoolDecoder) -> int:
    """Section 6.3.4."""
    for count, offset in ((4, 0), (4, 16), (5, 32)):
        if not bits.bool():
            return bits.u(count) + offset
    number = bits.u(7)
    return number + 64 if number < 65 else (number << 1) - 1 + bits.u(1)


def _change_motion(bits: BoolDecoder, said: abi.Motion, precise: bool) -> None:
    """Section 6.3.16. Here the probability itself is told."""
    parts = [said.joint]
    for row in range(2):
        parts += [_at(said.sign, row), said.classes[row], _at(said.class0_bit, row), said.bits[row]]
    for row in range(2):
        parts += [said.class0_fr[row], said.fr[row]]
    if precise:
        for row in range(2):
            parts += [_at(said.class0_hp, row), _at(said.hp, row)]
    for part in parts:
        flat = _flat(part)
        for place in range(len(flat)):
            if bits.bool(CHANGE[0]):
                flat[place] = bits.u(7) << 1 | 1


def _at(array: "ctypes.Array[ctypes.c_uint8]", index: int) -> "ctypes.Array[ctypes.c_uint8]":
    """One number of an array, as an array."""
    return (ctypes.c_uint8 * 1).from_buffer(array, index)
