"""What the header of an H.264 slice says of the whole picture (ITU-T H.264, section 7.3.3). Pure."""

from dataclasses import dataclass

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless.bits import Bits, unescaped
from receiver.decode.stateless.h264_sets import PictureSet
from receiver.decode.stateless.plan import Unfit

IDR_UNIT = 5
HEADER_BYTES = 1024
"""More than any: 32 changes each of two lists, 32 weights for each, and as many marks."""
P, B, I = range(3)  # noqa: E741
MAX_STEPS = 66


@dataclass(frozen=True, slots=True)
class Mark:
    """One memory_management_control_operation, and its one or two numbers."""

    operation: int
    first: int = 0
    second: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """``order``: pic_order_cnt_lsb, delta_pic_order_cnt_bottom, delta_pic_order_cnt[0] and [1]; ``marks``: None: the
    window slides; ``long_term``: of an IDR picture, which is kept for long then."""

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
    bits.ue()  # first_mb_in_slice
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
    _skip_lists(bits, kind, pps)
    began = bits.position
    marks, long_term = _marks(bits, idr) if reference else (None, False)
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
        bits.position - began,
    )


def _skip_lists(bits: Bits, kind: int, pps: abi.Pps) -> None:
    """How lists of references are changed, and weights: the device reads them itself."""
    if kind == I:
        return
    counts = [pps.num_ref_idx_l0_default_active_minus1 + 1, pps.num_ref_idx_l1_default_active_minus1 + 1]
    if kind == B:
        bits.u(1)  # direct_spatial_mv_pred_flag
    lists = 2 if kind == B else 1
    if bits.flag():
        counts[:lists] = [bits.ue(31) + 1 for _ in range(lists)]
    for _ in range(lists):
        if bits.flag():
            for _ in range(MAX_STEPS):
                if bits.ue(5) == 3:
                    break
                bits.ue()
            else:
                raise DecodeError("an H264 slice changes its list of references without end")
    if (kind == P and pps.flags & abi.WEIGHTED) or (kind == B and pps.weighted_bipred_idc == 1):
        bits.ue(7), bits.ue(7)
        for _ in range(sum(counts[:lists])):
            for numbers in (2, 4):
                if bits.flag():
                    for _ in range(numbers):
                        bits.se()


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
