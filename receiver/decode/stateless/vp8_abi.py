"""The control of a VP8 frame (<linux/v4l2-controls.h>): structs with the fields of those in their docstrings. Pure."""

from ctypes import Structure, c_int8, c_uint64

from receiver.decode.stateless.abi import BASE
from receiver.decode.v4l2.abi import u8, u16, u32

FRAME = BASE + 200
"""V4L2_CID_STATELESS_VP8_FRAME"""
SEGMENTS, UPDATE_MAP, UPDATE_DATA, DELTAS = 0x01, 0x02, 0x04, 0x08
"""V4L2_VP8_SEGMENT_FLAG_*"""
ADJUST, UPDATE_DELTAS, SIMPLE = 0x01, 0x02, 0x04
"""V4L2_VP8_LF_*"""
KEY, SHOWN, SKIPS, GOLDEN_SIGN, ALT_SIGN = 0x01, 0x04, 0x08, 0x10, 0x20
"""V4L2_VP8_FRAME_FLAG_*"""


class Segment(Structure):
    """v4l2_vp8_segment"""

    _fields_ = (
        ("quant_update", c_int8 * 4),
        ("lf_update", c_int8 * 4),
        ("segment_probs", u8 * 3),
        ("padding", u8),
        ("flags", u32),
    )


class LoopFilter(Structure):
    """v4l2_vp8_loop_filter"""

    _fields_ = (
        ("ref_frm_delta", c_int8 * 4),
        ("mb_mode_delta", c_int8 * 4),
        ("sharpness_level", u8),
        ("level", u8),
        ("padding", u16),
        ("flags", u32),
    )


class Quantization(Structure):
    """v4l2_vp8_quantization"""

    _fields_ = (
        ("y_ac_qi", u8),
        *[(name, c_int8) for name in ("y_dc_delta", "y2_dc_delta", "y2_ac_delta", "uv_dc_delta", "uv_ac_delta")],
        ("padding", u16),
    )


class Entropy(Structure):
    """v4l2_vp8_entropy"""

    _fields_ = (
        ("coeff_probs", u8 * (4 * 8 * 3 * 11)),
        ("y_mode_probs", u8 * 4),
        ("uv_mode_probs", u8 * 3),
        ("mv_probs", u8 * (2 * 19)),
        ("padding", u8 * 3),
    )


class CoderState(Structure):
    """v4l2_vp8_entropy_coder_state"""

    _fields_ = tuple((name, u8) for name in ("range", "value", "bit_count", "padding"))


class Frame(Structure):
    """v4l2_ctrl_vp8_frame"""

    _fields_ = (
        ("segment", Segment),
        ("lf", LoopFilter),
        ("quant", Quantization),
        ("entropy", Entropy),
        ("coder_state", CoderState),
        ("width", u16),
        ("height", u16),
        *[
            (name, u8)
            for name in (
                *("horizontal_scale", "vertical_scale", "version", "prob_skip_false"),
                *("prob_intra", "prob_last", "prob_gf", "num_dct_parts"),
            )
        ],
        ("first_part_size", u32),
        ("first_part_header_bits", u32),
        ("dct_part_sizes", u32 * 8),
        *[(name, c_uint64) for name in ("last_frame_ts", "golden_frame_ts", "alt_frame_ts", "flags")],
    )
