"""The uncompressed header of a VP9 frame (VP9 bitstream specification, 6.2 and 7.2), as the kernel has it. Pure."""

import ctypes
from dataclasses import dataclass

from receiver.decode.api import DecodeError
from receiver.decode.stateless import vp9_abi as abi
from receiver.decode.stateless.bits import Bits
from receiver.decode.stateless.plan import Unfit
from receiver.decode.v4l2.formats import Meaning

SYNC_CODE = 0x498342
MATRICES = (2, 6, 1, 6, 7, 9, 2, 0)
"""Matrix coefficients of ISO/IEC 23091-2 by color_space."""
FILTERS = (1, 0, 2, 3)
"""V4L2_VP9_INTERP_FILTER_* by what the header says."""
FEATURE_BITS = (8, 6, 2, 0)
SIGNED_FEATURES = 2
SLOTS, ALL_SLOTS = 8, 0xFF
MAX_BYTES = 256
"""Of this header: it has less than 1000 bits."""
Size = tuple[int, int]


@dataclass(slots=True)
class Header:
    """``shows``: the slot whose picture is shown, and there is no frame; None: there is one. ``slots``: of the last,
    the golden and the alternative picture; ``refreshed``: slots that it takes, as bits; ``meaning``: or None."""

    control: abi.Frame
    shows: int | None = None
    slots: tuple[int, int, int] = (0, 0, 0)
    refreshed: int = 0
    meaning: Meaning | None = None

    @property
    def intra(self) -> bool:
        return bool(self.control.flags & (abi.KEY | abi.INTRA_ONLY))


def read(data: bytes, sizes: list[Size | None], filters: abi.LoopFilter, segments: abi.Segmentation) -> Header:
    """``sizes``: of the picture in each slot; ``filters``, ``segments``: as the frame before left them, and changed.
    Raises DecodeError, and Unfit."""
    bits = Bits(data[:MAX_BYTES])
    if bits.u(2) != 2:
        raise DecodeError("a VP9 frame that does not begin as one")
    profile = bits.u(1) | bits.u(1) << 1
    if profile:
        raise Unfit("VP9 in other than 4:2:0 with 8 bits")
    said = abi.Frame(profile=profile, bit_depth=8, flags=abi.HALF_X | abi.HALF_Y)
    found = Header(said)
    if bits.flag():
        found.shows = bits.u(3)
        return found
    key, shown, resilient = not bits.u(1), bits.flag(), bits.flag()
    said.flags |= key * abi.KEY | shown * abi.SHOWN | resilient * abi.RESILIENT
    if key:
        _sync(bits)
        _read_colours(bits, found)
        found.refreshed = ALL_SLOTS
        _read_size(bits, said)
    else:
        _read_references(bits, found, sizes, shown, resilient)
    said.flags |= abi.PARALLEL if resilient else bits.u(1) * abi.REFRESH | bits.u(1) * abi.PARALLEL
    said.frame_context_idx = bits.u(2)
    if found.intra or resilient:
        filters.ref_deltas[:], filters.mode_deltas[:] = (1, 0, -1, -1), (0, 0)
        ctypes.memset(ctypes.addressof(segments), 0, ctypes.sizeof(segments))
    _read_filter(bits, filters)
    said.quant = abi.Quantization(bits.u(8), *(_delta(bits, 4) for _ in range(3)))
    _read_segments(bits, segments)
    said.lf, said.seg = filters, segments
    _read_tiles(bits, said)
    said.compressed_header_size = bits.u(16)
    said.uncompressed_header_size = (bits.position + 7) // 8
    if not said.compressed_header_size:
        raise DecodeError("a VP9 frame without a compressed header")
    return found


def lossless(said: abi.Frame) -> bool:
    quant = said.quant
    return not (quant.base_q_idx or quant.delta_q_y_dc or quant.delta_q_uv_dc or quant.delta_q_uv_ac)


def _sync(bits: Bits) -> None:
    if bits.u(24) != SYNC_CODE:
        raise DecodeError("a VP9 frame without its sync code")


def _read_colours(bits: Bits, found: Header) -> None:
    """Section 7.2.2, of profile 0."""
    space = bits.u(3)
    if MATRICES[space] == 0:
        raise DecodeError("VP9 in RGB has to be of another profile")
    full = bits.flag()
    found.control.flags |= full * abi.FULL_RANGE
    found.meaning = Meaning(MATRICES[space], 2, full if space else None)


def _read_size(bits: Bits, said: abi.Frame) -> None:
    said.frame_width_minus_1, said.frame_height_minus_1 = bits.u(16), bits.u(16)
    _read_render_size(bits, said)


def _read_render_size(bits: Bits, said: abi.Frame) -> None:
    if bits.flag():
        said.render_width_minus_1, said.render_height_minus_1 = bits.u(16), bits.u(16)
    else:
        said.render_width_minus_1, said.render_height_minus_1 = said.frame_width_minus_1, said.frame_height_minus_1


def _read_references(bits: Bits, found: Header, sizes: list[Size | None], shown: bool, resilient: bool) -> None:
    """Of a frame that is no keyframe: which pictures it is predicted from, and its size."""
    said = found.control
    intra = not shown and bits.flag()
    reset = 0 if resilient else bits.u(2)
    said.reset_frame_context = max(0, reset - 1)
    if intra:
        said.flags |= abi.INTRA_ONLY
        _sync(bits)
        found.refreshed = bits.u(SLOTS)
        _read_size(bits, said)
        return
    found.refreshed = bits.u(SLOTS)
    slots = []
    for index in range(3):
        slots.append(bits.u(3))
        said.ref_frame_sign_bias |= bits.u(1) << index
    found.slots = slots[0], slots[1], slots[2]
    if any(sizes[slot] is None for slot in slots):
        raise DecodeError("a VP9 frame is predicted from a picture that never came")
    for slot in slots:
        if bits.flag():
            width, height = sizes[slot] or (1, 1)
            said.frame_width_minus_1, said.frame_height_minus_1 = width - 1, height - 1
            _read_render_size(bits, said)
            break
    else:
        _read_size(bits, said)
    said.flags |= bits.u(1) * abi.PRECISE_MOTION
    said.interpolation_filter = abi.SWITCHABLE if bits.flag() else FILTERS[bits.u(2)]


def _read_filter(bits: Bits, said: abi.LoopFilter) -> None:
    said.level, said.sharpness = bits.u(6), bits.u(3)
    said.flags = bits.u(1) * abi.DELTAS
    if said.flags and bits.flag():
        said.flags |= abi.UPDATE_DELTAS
        for deltas in (said.ref_deltas, said.mode_deltas):
            for index in range(len(deltas)):
                if bits.flag():
                    deltas[index] = _signed(bits, 6)


def _signed(bits: Bits, count: int) -> int:
    number = bits.u(count)
    return -number if bits.flag() else number


def _delta(bits: Bits, count: int) -> int:
    return _signed(bits, count) if bits.flag() else 0


def _read_segments(bits: Bits, said: abi.Segmentation) -> None:
    """Section 7.2.10. What the frame doesn't say stays."""
    said.flags &= abi.ABSOLUTE
    if not bits.flag():
        return
    said.flags |= abi.SEGMENTS
    if bits.flag():
        said.flags |= abi.UPDATE_MAP
        said.tree_probs[:] = [bits.u(8) if bits.flag() else 255 for _ in range(7)]
        temporal = bits.flag()
        said.flags |= temporal * abi.TEMPORAL
        said.pred_probs[:] = [bits.u(8) if temporal and bits.flag() else 255 for _ in range(3)]
    if bits.flag():
        said.flags = said.flags & ~abi.ABSOLUTE | abi.UPDATE_DATA | bits.u(1) * abi.ABSOLUTE
        for segment in range(8):
            said.feature_enabled[segment] = 0
            for feature, count in enumerate(FEATURE_BITS):
                enabled = bits.flag()
                said.feature_enabled[segment] |= enabled << feature
                number = bits.u(count) if enabled else 0
                signed = enabled and feature < SIGNED_FEATURES and bits.flag()
                said.feature_data[segment][feature] = -number if signed else number


def _read_tiles(bits: Bits, said: abi.Frame) -> None:
    """Section 7.2.11: between 4 and 64 blocks of 64 pixels across."""
    across = (said.frame_width_minus_1 >> 6) + 1
    least = most = 0
    while 64 << least < across:
        least += 1
    while across >> most + 1 >= 4:
        most += 1
    said.tile_cols_log2 = least
    while said.tile_cols_log2 < most and bits.flag():
        said.tile_cols_log2 += 1
    said.tile_rows_log2 = bits.u(1) and 1 + bits.u(1)
