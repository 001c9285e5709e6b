"""Controls of a VP9 frame (<linux/v4l2-controls.h>): structs with the fields of those in their docstrings. Pure."""

from ctypes import Structure, c_int8, c_int16, c_uint64

from receiver.decode.stateless.abi import BASE
from receiver.decode.v4l2.abi import u8, u16, u32

FRAME, CHANGES = BASE + 300, BASE + 301
"""V4L2_CID_STATELESS_VP9_FRAME and _COMPRESSED_HDR"""
DELTAS, UPDATE_DELTAS = 0x1, 0x2
"""V4L2_VP9_LOOP_FILTER_FLAG_*"""
SEGMENTS, UPDATE_MAP, TEMPORAL, UPDATE_DATA, ABSOLUTE = 0x01, 0x02, 0x04, 0x08, 0x10
"""V4L2_VP9_SEGMENTATION_FLAG_*"""
KEY, SHOWN, RESILIENT, INTRA_ONLY, PRECISE_MOTION, REFRESH, PARALLEL, HALF_X, HALF_Y, FULL_RANGE = (
    1 << bit for bit in range(10)
)
"""V4L2_VP9_FRAME_FLAG_*"""
SWITCHABLE = 4
"""V4L2_VP9_INTERP_FILTER_SWITCHABLE"""
SINGLE, COMPOUND, SELECT = range(3)
"""V4L2_VP9_REFERENCE_MODE_*"""


class LoopFilter(Structure):
    """v4l2_vp9_loop_filter"""

    _fields_ = (
        ("ref_deltas", c_int8 * 4),
        ("mode_deltas", c_int8 * 2),
        *[(name, u8) for name in ("level", "sharpness", "flags")],
        ("reserved", u8 * 7),
    )


class Quantization(Structure):
    """v4l2_vp9_quantization"""

    _fields_ = (
        ("base_q_idx", u8),
        *[(name, c_int8) for name in ("delta_q_y_dc", "delta_q_uv_dc", "delta_q_uv_ac")],
        ("reserved", u8 * 4),
    )


class Segmentation(Structure):
    """v4l2_vp9_segmentation"""

    _fields_ = (
        ("feature_data", c_int16 * 4 * 8),
        ("feature_enabled", u8 * 8),
        ("tree_probs", u8 * 7),
        ("pred_probs", u8 * 3),
        ("flags", u8),
        ("reserved", u8 * 5),
    )


class Frame(Structure):
    """v4l2_ctrl_vp9_frame"""

    _fields_ = (
        ("lf", LoopFilter),
        ("quant", Quantization),
        ("seg", Segmentation),
        ("flags", u32),
        *[
            (name, u16)
            for name in (
                *("compressed_header_size", "uncompressed_header_size", "frame_width_minus_1", "frame_height_minus_1"),
                *("render_width_minus_1", "render_height_minus_1"),
            )
        ],
        *[(name, c_uint64) for name in ("last_frame_ts", "golden_frame_ts", "alt_frame_ts")],
        *[
            (name, u8)
            for name in (
                *("ref_frame_sign_bias", "reset_frame_context", "frame_context_idx", "profile", "bit_depth"),
                *("interpolation_filter", "tile_cols_log2", "tile_rows_log2", "reference_mode"),
            )
        ],
        ("reserved", u8 * 7),
    )


class Motion(Structure):
    """v4l2_vp9_mv_probs"""

    _fields_ = (
        ("joint", u8 * 3),
        ("sign", u8 * 2),
        ("classes", u8 * 10 * 2),
        ("class0_bit", u8 * 2),
        ("bits", u8 * 10 * 2),
        ("class0_fr", u8 * 3 * 2 * 2),
        ("fr", u8 * 3 * 2),
        ("class0_hp", u8 * 2),
        ("hp", u8 * 2),
    )


class Changes(Structure):
    """v4l2_ctrl_vp9_compressed_hdr"""

    _fields_ = (
        ("tx_mode", u8),
        ("tx8", u8 * 1 * 2),
        ("tx16", u8 * 2 * 2),
        ("tx32", u8 * 3 * 2),
        ("coef", u8 * 3 * 6 * 6 * 2 * 2 * 4),
        ("skip", u8 * 3),
        ("inter_mode", u8 * 3 * 7),
        ("interp_filter", u8 * 2 * 4),
        ("is_inter", u8 * 4),
        ("comp_mode", u8 * 5),
        ("single_ref", u8 * 2 * 5),
        ("comp_ref", u8 * 5),
        ("y_mode", u8 * 9 * 4),
        ("uv_mode", u8 * 9 * 10),
        ("partition", u8 * 3 * 16),
        ("mv", Motion),
    )
