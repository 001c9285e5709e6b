"""Controls of an H.264 frame (<linux/v4l2-controls.h>), each with the fields of the struct in its docstring. Pure."""

from ctypes import Structure, c_int8, c_int16, c_uint64

from receiver.decode.stateless.abi import BASE
from receiver.decode.v4l2.abi import i32, u8, u16, u32

DECODE_MODE, START_CODE, SPS, PPS, SCALING, WEIGHTS, SLICE, DECODE = (BASE + number for number in range(8))
"""V4L2_CID_STATELESS_H264_*"""
BY_SLICE, BY_FRAME = 0, 1
"""V4L2_STATELESS_H264_DECODE_MODE_*"""
BARE, ANNEX_B = 0, 1
"""V4L2_STATELESS_H264_START_CODE_*"""

ALWAYS_ZERO, GAPS, FRAMES_ONLY, DIRECT_8X8 = 0x04, 0x08, 0x10, 0x40
"""V4L2_H264_SPS_FLAG_*"""
CABAC, ORDER_PRESENT, WEIGHTED, DEBLOCKING, INTRA_ONLY, REDUNDANT, TRANSFORM_8X8, MATRIX = (
    1 << bit for bit in range(8)
)
"""V4L2_H264_PPS_FLAG_*"""
IDR, P_FRAME, B_FRAME = 0x01, 0x08, 0x10
"""V4L2_H264_DECODE_PARAM_FLAG_*"""
VALID, ACTIVE, LONG_TERM = 0x01, 0x02, 0x04
"""V4L2_H264_DPB_ENTRY_FLAG_*"""
SPATIAL = 0x01
"""V4L2_H264_SLICE_FLAG_DIRECT_SPATIAL_MV_PRED"""
WHOLE_FRAME = 3
"""V4L2_H264_FRAME_REF"""
MAX_PICTURES = 16
"""V4L2_H264_NUM_DPB_ENTRIES"""


class Sps(Structure):
    """v4l2_ctrl_h264_sps"""

    _fields_ = (
        *[
            (name, u8)
            for name in (
                *("profile_idc", "constraint_set_flags", "level_idc", "seq_parameter_set_id", "chroma_format_idc"),
                *("bit_depth_luma_minus8", "bit_depth_chroma_minus8", "log2_max_frame_num_minus4"),
                *("pic_order_cnt_type", "log2_max_pic_order_cnt_lsb_minus4", "max_num_ref_frames"),
                "num_ref_frames_in_pic_order_cnt_cycle",
            )
        ],
        ("offset_for_ref_frame", i32 * 255),
        ("offset_for_non_ref_pic", i32),
        ("offset_for_top_to_bottom_field", i32),
        ("pic_width_in_mbs_minus1", u16),
        ("pic_height_in_map_units_minus1", u16),
        ("flags", u32),
    )


class Pps(Structure):
    """v4l2_ctrl_h264_pps"""

    _fields_ = (
        *[
            (name, u8)
            for name in (
                *("pic_parameter_set_id", "seq_parameter_set_id", "num_slice_groups_minus1"),
                *("num_ref_idx_l0_default_active_minus1", "num_ref_idx_l1_default_active_minus1"),
                "weighted_bipred_idc",
            )
        ],
        *[
            (name, c_int8)
            for name in (
                *("pic_init_qp_minus26", "pic_init_qs_minus26"),
                *("chroma_qp_index_offset", "second_chroma_qp_index_offset"),
            )
        ],
        ("flags", u16),
    )


class Scaling(Structure):
    """v4l2_ctrl_h264_scaling_matrix"""

    _fields_ = (("scaling_list_4x4", u8 * 16 * 6), ("scaling_list_8x8", u8 * 64 * 6))


class Entry(Structure):
    """v4l2_h264_dpb_entry"""

    _fields_ = (
        ("reference_ts", c_uint64),
        ("pic_num", u32),
        ("frame_num", u16),
        ("fields", u8),
        ("reserved", u8 * 5),
        ("top_field_order_cnt", i32),
        ("bottom_field_order_cnt", i32),
        ("flags", u32),
    )


class DecodeParams(Structure):
    """v4l2_ctrl_h264_decode_params"""

    _fields_ = (
        ("dpb", Entry * MAX_PICTURES),
        ("nal_ref_idc", u16),
        ("frame_num", u16),
        ("top_field_order_cnt", i32),
        ("bottom_field_order_cnt", i32),
        ("idr_pic_id", u16),
        ("pic_order_cnt_lsb", u16),
        ("delta_pic_order_cnt_bottom", i32),
        ("delta_pic_order_cnt0", i32),
        ("delta_pic_order_cnt1", i32),
        *[
            (name, u32)
            for name in (
                *("dec_ref_pic_marking_bit_size", "pic_order_cnt_bit_size", "slice_group_change_cycle"),
                *("reserved", "flags"),
            )
        ],
    )


class ListEntry(Structure):
    """v4l2_h264_reference"""

    _fields_ = (("fields", u8), ("index", u8))


class SliceParams(Structure):
    """v4l2_ctrl_h264_slice_params"""

    _fields_ = (
        ("header_bit_size", u32),
        ("first_mb_in_slice", u32),
        *[(name, u8) for name in ("slice_type", "colour_plane_id", "redundant_pic_cnt", "cabac_init_idc")],
        *[(name, c_int8) for name in ("slice_qp_delta", "slice_qs_delta")],
        ("disable_deblocking_filter_idc", u8),
        *[(name, c_int8) for name in ("slice_alpha_c0_offset_div2", "slice_beta_offset_div2")],
        *[(name, u8) for name in ("num_ref_idx_l0_active_minus1", "num_ref_idx_l1_active_minus1", "reserved")],
        ("ref_pic_list0", ListEntry * 32),
        ("ref_pic_list1", ListEntry * 32),
        ("flags", u32),
    )


class WeightFactors(Structure):
    """v4l2_h264_weight_factors"""

    _fields_ = (
        ("luma_weight", c_int16 * 32),
        ("luma_offset", c_int16 * 32),
        ("chroma_weight", c_int16 * 2 * 32),
        ("chroma_offset", c_int16 * 2 * 32),
    )


class Weights(Structure):
    """v4l2_ctrl_h264_pred_weights"""

    _fields_ = (
        ("luma_log2_weight_denom", u16),
        ("chroma_log2_weight_denom", u16),
        ("weight_factors", WeightFactors * 2),
    )
