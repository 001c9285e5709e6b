"""H.264's parameter sets (ITU-T H.264, sections 7.3.2.1, 7.3.2.2 and E.1) as controls. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless import h264_scaling as scaling
from receiver.decode.stateless.bits import Bits, unescaped
from receiver.decode.stateless.plan import NOTHING_SAID, Layout, Unfit
from receiver.decode.v4l2.formats import Meaning

HIGH = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose sets say which chroma and how many bits they have."""
BASELINE = 66
EXTENDED_SAR = 255
LEVEL_MBS = {
    9: 396,
    10: 396,
    11: 900,
    12: 2376,
    13: 2376,
    20: 2376,
    21: 4752,
    22: 8100,
    30: 8100,
    31: 18000,
    32: 20480,
    40: 32768,
    41: 32768,
    42: 34816,
    50: 110400,
    51: 184320,
    52: 184320,
    60: 696320,
    61: 696320,
    62: 696320,
}
"""MaxDpbMbs by level_idc (table A-1)."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence parameter set. ``reorder``: how many pictures may come before one that is shown earlier; None: not
    said."""

    control: abi.Sps
    layout: Layout
    lists: scaling.Lists | None
    reorder: int | None


@dataclass(frozen=True, slots=True)
class PictureSet:
    """A picture parameter set, with what it says together with its sequence's."""

    control: abi.Pps
    sequence: Sequence
    matrices: abi.Scaling


def read_sps(unit: bytes) -> Sequence:
    """Raises DecodeError, and Unfit."""
    bits = Bits(unescaped(unit))
    said = abi.Sps(profile_idc=bits.u(8))
    constraints = bits.u(8)
    said.constraint_set_flags = sum(bool(constraints & 0x80 >> bit) << bit for bit in range(6))
    said.level_idc = bits.u(8)
    said.seq_parameter_set_id = bits.ue(31)
    said.chroma_format_idc = 1
    lists = None
    if said.profile_idc in HIGH:
        said.chroma_format_idc = bits.ue(3)
        if said.chroma_format_idc != 1 or bits.ue(6) or bits.ue(6):
            raise Unfit("H264 in other than 4:2:0 with 8 bits")
        if bits.flag():
            raise Unfit("H264 without loss")  # qpprime_y_zero_transform_bypass_flag
        if bits.flag():
            lists = scaling.read(bits, True, scaling.DEFAULTS)
    said.log2_max_frame_num_minus4 = bits.ue(12)
    said.pic_order_cnt_type = bits.ue(2)
    if said.pic_order_cnt_type == 0:
        said.log2_max_pic_order_cnt_lsb_minus4 = bits.ue(12)
    elif said.pic_order_cnt_type == 1:
        said.flags |= bits.u(1) * abi.ALWAYS_ZERO
        said.offset_for_non_ref_pic, said.offset_for_top_to_bottom_field = bits.se(), bits.se()
        said.num_ref_frames_in_pic_order_cnt_cycle = bits.ue(255)
        for index in range(said.num_ref_frames_in_pic_order_cnt_cycle):
            said.offset_for_ref_frame[index] = bits.se()
    said.max_num_ref_frames = bits.ue(abi.MAX_PICTURES)
    said.flags |= bits.u(1) * abi.GAPS
    said.pic_width_in_mbs_minus1 = bits.ue(1023)
    said.pic_height_in_map_units_minus1 = bits.ue(1023)
    if not bits.flag():
        raise Unfit("interlaced H264")
    said.flags |= abi.FRAMES_ONLY | bits.u(1) * abi.DIRECT_8X8
    size = 16 * (said.pic_width_in_mbs_minus1 + 1), 16 * (said.pic_height_in_map_units_minus1 + 1)
    left, right, top, bottom = (2 * bits.ue(8192) for _ in range(4)) if bits.flag() else (0, 0, 0, 0)
    visible = left, top, size[0] - left - right, size[1] - top - bottom
    if min(visible[2:]) <= 0:
        raise DecodeError("an H264 picture with nothing in it")
    most = min(abi.MAX_PICTURES, LEVEL_MBS.get(said.level_idc, 696320) * 256 // (size[0] * size[1]))
    meaning, reorder, buffering = _usability(bits) if bits.flag() else (NOTHING_SAID, None, None)
    if said.profile_idc == BASELINE or said.pic_order_cnt_type == 2:
        reorder = 0  # it has no pictures that are shown later than others that follow
    pictures = max(said.max_num_ref_frames, 1, min(most, abi.MAX_PICTURES if buffering is None else buffering))
    pictures = max(said.max_num_ref_frames, 1) if reorder == 0 else pictures
    return Sequence(said, Layout(size, visible, pictures, meaning), lists, reorder)


def _usability(bits: Bits) -> tuple[Meaning, int | None, int | None]:
    """Of the VUI: what colours mean, max_num_reorder_frames and max_dec_frame_buffering."""
    if bits.flag() and bits.u(8) == EXTENDED_SAR:
        bits.u(32)
    if bits.flag():
        bits.u(1)  # overscan_appropriate_flag
    meaning = NOTHING_SAID
    if bits.flag():
        bits.u(3)  # video_format
        full = bits.flag()
        meaning = Meaning(2, 2, full)
        if bits.flag():
            bits.u(8)  # colour_primaries
            transfer, matrix = bits.u(8), bits.u(8)
            meaning = Meaning(matrix, transfer, full)
    if bits.flag():
        _skip(bits, 2)  # where chroma samples lie
    if bits.flag():
        bits.u(32 + 32 + 1)  # ticks
    if any([_skip_hrd(bits), _skip_hrd(bits)]):
        bits.u(1)  # low_delay_hrd_flag
    bits.u(1)  # pic_struct_present_flag
    if not bits.flag():
        return meaning, None, None
    bits.u(1)  # motion_vectors_over_pic_boundaries_flag
    _skip(bits, 4)
    return meaning, bits.ue(abi.MAX_PICTURES), bits.ue(abi.MAX_PICTURES)


def _skip(bits: Bits, count: int) -> None:
    for _ in range(count):
        bits.ue()


def _skip_hrd(bits: Bits) -> bool:
    """The flag of hypothetical reference decoder parameters, and these; whether they are there."""
    if not bits.flag():
        return False
    count = bits.ue(31) + 1
    bits.u(8)
    for _ in range(count):
        _skip(bits, 2)
        bits.u(1)
    bits.u(20)
    return True


def number(unit: bytes) -> int:
    """Of a picture parameter set."""
    return Bits(unescaped(unit[:16])).ue(255)


def read_pps(unit: bytes, sequences: Mapping[int, Sequence]) -> PictureSet:
    """With the sequence's set that it names, of which it takes what it doesn't say. Raises DecodeError, and Unfit."""
    bits = Bits(unescaped(unit))
    said = abi.Pps(pic_parameter_set_id=bits.ue(255), seq_parameter_set_id=bits.ue(31))
    sequence = sequences.get(said.seq_parameter_set_id)
    if sequence is None:
        raise DecodeError(f"H264 without its sequence parameter set {said.seq_parameter_set_id}")
    said.flags = bits.u(1) * abi.CABAC | bits.u(1) * abi.ORDER_PRESENT
    if bits.ue(7):
        raise Unfit("H264 with groups of slices")
    said.num_ref_idx_l0_default_active_minus1 = bits.ue(31)
    said.num_ref_idx_l1_default_active_minus1 = bits.ue(31)
    said.flags |= bits.u(1) * abi.WEIGHTED
    said.weighted_bipred_idc = bits.u(2)
    said.pic_init_qp_minus26, said.pic_init_qs_minus26 = bits.se(), bits.se()
    said.chroma_qp_index_offset = said.second_chroma_qp_index_offset = bits.se()
    said.flags |= bits.u(1) * abi.DEBLOCKING | bits.u(1) * abi.INTRA_ONLY | bits.u(1) * abi.REDUNDANT
    lists = sequence.lists
    if bits.more():
        transform = bits.flag()
        said.flags |= transform * abi.TRANSFORM_8X8
        if bits.flag():
            lists = scaling.read(bits, transform, lists or scaling.DEFAULTS)
        said.second_chroma_qp_index_offset = bits.se()
    said.flags |= (lists is not None) * abi.MATRIX
    return PictureSet(said, sequence, scaling.in_rows(lists or scaling.FLAT))
