"""The header of an H.264 slice (ITU-T H.264, section 7.3.3). Pure."""

from dataclasses import dataclass

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless.bits import Bits, unescaped
from receiver.decode.stateless.h264_sets import PictureSet
from receiver.decode.stateless.plan import Unfit

IDR_UNIT = 5
HEADER_BYTES = 2048
"""More than any: 32 changes each of two lists, 32 weights for each, and as many marks."""
P, B, I = range(3)  # noqa: E741
MAX_STEPS = 66
END = 3
"""modification_of_pic_nums_idc"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One memory_management_control_operation, and its one or two numbers."""

    operation: int
    first: int = 0
    second: int = 0


Changes = tuple[tuple[int, int], ...]
"""Of a list of references: modification_of_pic_nums_idc, and its number."""


@dataclass(frozen=True, slots=True)
class Own:
    """What holds for the slice alone. ``counts``, ``changes``: of lists 0 and 1; ``weights``: None where all pictures
    weigh the same; ``filter``: disable_deblocking_filter_idc and its two offsets; ``bits``: up to the slice's data,
    with the NAL unit's header and without what keeps start codes out."""

    first_mb: int
    spatial: bool
    counts: tuple[int, int]
    changes: tuple[Changes, Changes]
    weights: abi.Weights | None
    cabac_init_idc: int
    qp_delta: int
    filter: tuple[int, int, int]
    bits: int


@dataclass(frozen=True, slots=True)
class Header:
    """What it says of the whole picture, and its ``own``. ``order``: pic_order_cnt_lsb, delta_pic_order_cnt_bottom,
    delta_pic_order_cnt[0] and [1]; ``marks``: None: the window slides; ``long_term``: of an IDR picture, which is kept
    for long then."""

    kind: int
    reference: int
    idr: bool
    frame_num: int
    idr_pic_id: int
    order: tuple[int, int, int, int]
    order_bits: int
    marks: tuple[Mark, ...] | None
    long_term: bool
    marks_bits: int
    own: Own


def pps_number(unit: bytes) -> int:
    """Of the picture parameter set that a slice goes by."""
    bits = Bits(unescaped(unit[:32]))
    bits.ue(), bits.ue()
    return bits.ue(255)


def read(unit: bytes, goes_by: PictureSet) -> Header:
    """Raises DecodeError, and Unfit."""
    sps, pps = goes_by.sequence.control, goes_by.control
    bits = Bits(unescaped(unit[:HEADER_BYTES]))
    reference, idr = unit[0] >> 5 & 3, unit[0] & 31 == IDR_UNIT
    first_mb = bits.ue()
    kind = bits.ue(9) % 5
    if kind not in (P, B, I):
        raise Unfit("H264 that switches streams")  # SP and SI slices
    bits.ue()
    frame_num = bits.u(sps.log2_max_frame_num_minus4 + 4)
    idr_pic_id = bits.ue(65535) if idr else 0
    began = bits.position
    order = [0, 0, 0, 0]
    if sps.pic_order_cnt_type == 0:
        order[0] = bits.u(sps.log2_max_pic_order_cnt_lsb_minus4 + 4)
        if pps.flags & abi.ORDER_PRESENT:
            order[1] = bits.se()
    elif sps.pic_order_cnt_type == 1 and not sps.flags & abi.ALWAYS_ZERO:
        order[2] = bits.se()
        if pps.flags & abi.ORDER_PRESENT:
            order[3] = bits.se()
    order_bits = bits.position - began
    if pps.flags & abi.REDUNDANT and bits.ue(127):
        raise Unfit("H264 with redundant pictures")
    spatial, counts, changes, weights = _lists(bits, kind, pps)
    began = bits.position
    marks, long_term = _marks(bits, idr) if reference else (None, False)
    marks_bits = bits.position - began
    cabac_init_idc = bits.ue(2) if pps.flags & abi.CABAC and kind != I else 0
    qp_delta = bits.se()
    off = bits.ue(2) if pps.flags & abi.DEBLOCKING else 0
    steps = (bits.se(), bits.se()) if pps.flags & abi.DEBLOCKING and off != 1 else (0, 0)
    own = Own(first_mb, spatial, counts, changes, weights, cabac_init_idc, qp_delta, (off, *steps), 8 + bits.position)
    return Header(
        kind,
        reference,
        idr,
        frame_num,
        idr_pic_id,
        (order[0], order[1], order[2], order[3]),
        order_bits,
        marks,
        long_term,
        marks_bits,
        own,
    )


def _lists(
    bits: Bits, kind: int, pps: abi.Pps
) -> tuple[bool, tuple[int, int], tuple[Changes, Changes], abi.Weights | None]:
    """Of ``Own``: whether vectors are predicted spatially, how long lists of references are and how they are changed,
    and weights."""
    if kind == I:
        return False, (0, 0), ((), ()), None
    spatial = kind == B and bits.flag()
    counts = [pps.num_ref_idx_l0_default_active_minus1 + 1, pps.num_ref_idx_l1_default_active_minus1 + 1]
    lists = 2 if kind == B else 1
    if bits.flag():
        counts[:lists] = [bits.ue(31) + 1 for _ in range(lists)]
    counts[lists:] = [0] * (2 - lists)
    changes = [_changes(bits) if index < lists else () for index in range(2)]
    weighted = (kind == P and pps.flags & abi.WEIGHTED) or (kind == B and pps.weighted_bipred_idc == 1)
    weights = _weights(bits, counts) if weighted else None
    return spatial, (counts[0], counts[1]), (changes[0], changes[1]), weights


def _changes(bits: Bits) -> Changes:
    """ref_pic_list_modification (section 7.3.3.1), of one list."""
    found: list[tuple[int, int]] = []
    if bits.flag():
        while (operation := bits.ue(3)) != END:
            if len(found) == MAX_STEPS:
                raise DecodeError("an H264 slice changes its list of references without end")
            found.append((operation, bits.ue()))
    return tuple(found)


def _weights(bits: Bits, counts: list[int]) -> abi.Weights:
    """pred_weight_table (section 7.3.3.2)."""
    said = abi.Weights(bits.ue(7), bits.ue(7))
    for count, factors in zip(counts, said.weight_factors, strict=True):
        for index in range(count):
            factors.luma_weight[index] = 1 << said.luma_log2_weight_denom
            if bits.flag():
                factors.luma_weight[index], factors.luma_offset[index] = bits.se(), bits.se()
            colours = bits.flag()
            for part in range(2):
                factors.chroma_weight[index][part] = 1 << said.chroma_log2_weight_denom
                if colours:
                    factors.chroma_weight[index][part], factors.chroma_offset[index][part] = bits.se(), bits.se()
    return said


def _marks(bits: Bits, idr: bool) -> tuple[tuple[Mark, ...] | None, bool]:
    """dec_ref_pic_marking (section 7.3.3.3)."""
    if idr:
        bits.u(1)  # no_output_of_prior_pics_flag
        return None, bits.flag()
    if not bits.flag():
        return None, False
    marks: list[Mark] = []
    while operation := bits.ue(6):
        if len(marks) == MAX_STEPS:
            raise DecodeError("an H264 slice marks pictures without end")
        numbers = [bits.ue() for _ in range(2 if operation == 3 else 0 if operation == 5 else 1)]
        marks.append(Mark(operation, *numbers))
    return tuple(marks), False
