"""What FFmpeg tells a VA-API driver of each frame: the structs of <va/va.h> that ours writes down (guest/va)."""

import ctypes
from collections.abc import Sequence
from ctypes import Structure, c_int8, c_int16, c_int32, c_uint8, c_uint16, c_uint32
from pathlib import Path
from typing import TypeVar

import av
from av.codec.hwaccel import HWAccel

from receiver.media import Codec

TOLD = Path("/run/va-told")
BEGIN = 0xFFFFFFFF
PICTURE, MATRIX, SLICE, PROBABILITY = 0, 1, 4, 13
"""VAPictureParameterBufferType and so on."""
INVALID, SHORT, LONG = 1, 8, 16
"""VA_PICTURE_H264_*"""
S = TypeVar("S", bound=Structure)


class PictureH264(Structure):
    """VAPictureH264"""

    _fields_ = (
        *[(name, c_uint32) for name in ("picture_id", "frame_idx", "flags")],
        *[(name, c_int32) for name in ("top", "bottom")],
        ("reserved", c_uint32 * 4),
    )


class H264(Structure):
    """VAPictureParameterBufferH264. Bits: what FFmpeg has in ``seq_fields`` and ``pic_fields``."""

    _fields_ = (
        ("current", PictureH264),
        ("references", PictureH264 * 16),
        *[(name, c_uint16) for name in ("width_in_mbs_minus1", "height_in_mbs_minus1")],
        *[(name, c_uint8) for name in ("bit_depth_luma_minus8", "bit_depth_chroma_minus8", "num_ref_frames")],
        *[
            (name, c_uint32, bits)
            for name, bits in (
                *(("chroma_format_idc", 2), ("separate", 1), ("gaps", 1), ("frame_mbs_only", 1), ("mbaff", 1)),
                *(("direct_8x8", 1), ("min_bipred", 1), ("log2_max_frame_num_minus4", 4), ("pic_order_cnt_type", 2)),
                *(("log2_max_pic_order_cnt_lsb_minus4", 4), ("always_zero", 1)),
            )
        ],
        *[(name, c_uint8) for name in ("num_slice_groups_minus1", "slice_group_map_type")],
        ("slice_group_change_rate_minus1", c_uint16),
        *[
            (name, c_int8)
            for name in (
                *("pic_init_qp_minus26", "pic_init_qs_minus26"),
                *("chroma_qp_index_offset", "second_chroma_qp_index_offset"),
            )
        ],
        *[
            (name, c_uint32, bits)
            for name, bits in (
                *(("cabac", 1), ("weighted", 1), ("weighted_bipred_idc", 2), ("transform_8x8", 1), ("field", 1)),
                *(("intra_only", 1), ("order_present", 1), ("deblocking", 1), ("redundant", 1), ("reference", 1)),
            )
        ],
        ("frame_num", c_uint16),
        ("reserved", c_uint32 * 8),
    )


class SliceH264(Structure):
    """VASliceParameterBufferH264"""

    _fields_ = (
        *[(name, c_uint32) for name in ("size", "offset", "flag")],
        *[(name, c_uint16) for name in ("header_bit_size", "first_mb_in_slice")],
        *[
            (name, c_uint8)
            for name in (
                *("slice_type", "spatial", "num_ref_idx_l0_active_minus1", "num_ref_idx_l1_active_minus1"),
                "cabac_init_idc",
            )
        ],
        ("slice_qp_delta", c_int8),
        ("disable_deblocking_filter_idc", c_uint8),
        *[(name, c_int8) for name in ("slice_alpha_c0_offset_div2", "slice_beta_offset_div2")],
        ("lists", PictureH264 * 32 * 2),
        *[(name, c_uint8) for name in ("luma_log2_weight_denom", "chroma_log2_weight_denom")],
        *[
            part
            for number in range(2)
            for part in (
                (f"has_luma_{number}", c_uint8),
                (f"luma_weight_{number}", c_int16 * 32),
                (f"luma_offset_{number}", c_int16 * 32),
                (f"has_chroma_{number}", c_uint8),
                (f"chroma_weight_{number}", c_int16 * 64),
                (f"chroma_offset_{number}", c_int16 * 64),
            )
        ],
        ("reserved", c_uint32 * 4),
    )


class MatrixH264(Structure):
    """VAIQMatrixBufferH264"""

    _fields_ = (("four", c_uint8 * 96), ("eight", c_uint8 * 128), ("reserved", c_uint32 * 4))


class Vp8(Structure):
    """VAPictureParameterBufferVP8"""

    _fields_ = (
        *[(name, c_uint32) for name in ("width", "height", "last", "golden", "alt", "out_of_loop")],
        *[
            (name, c_uint32, bits)
            for name, bits in (
                *(("no_key", 1), ("version", 3), ("segments", 1), ("update_map", 1), ("update_data", 1)),
                *(("simple", 1), ("sharpness", 3), ("adjust", 1), ("update_deltas", 1), ("golden_sign", 1)),
                *(("alt_sign", 1), ("skips", 1), ("no_filter", 1)),
            )
        ],
        ("segment_probs", c_uint8 * 3),
        ("filter_level", c_uint8 * 4),
        ("ref_frm_delta", c_int8 * 4),
        ("mb_mode_delta", c_int8 * 4),
        *[(name, c_uint8) for name in ("prob_skip_false", "prob_intra", "prob_last", "prob_gf")],
        ("y_mode_probs", c_uint8 * 4),
        ("uv_mode_probs", c_uint8 * 3),
        ("mv_probs", c_uint8 * 38),
        *[(name, c_uint8) for name in ("range", "value", "bit_count")],
        ("reserved", c_uint32 * 4),
    )


class SliceVp8(Structure):
    """VASliceParameterBufferVP8"""

    _fields_ = (
        *[(name, c_uint32) for name in ("size", "offset", "flag", "macroblock_offset")],
        ("partitions", c_uint8),
        ("sizes", c_uint32 * 9),
        ("reserved", c_uint32 * 4),
    )


class MatrixVp8(Structure):
    """VAIQMatrixBufferVP8"""

    _fields_ = (("indices", c_uint16 * 6 * 4), ("reserved", c_uint32 * 4))


class Vp9(Structure):
    """VADecPictureParameterBufferVP9"""

    _fields_ = (
        *[(name, c_uint16) for name in ("width", "height")],
        ("references", c_uint32 * 8),
        *[
            (name, c_uint32, bits)
            for name, bits in (
                *(("half_x", 1), ("half_y", 1), ("no_key", 1), ("shown", 1), ("resilient", 1), ("intra_only", 1)),
                *(("precise_motion", 1), ("filter_type", 3), ("parallel", 1), ("reset", 2), ("refresh", 1)),
                *(("context", 2), ("segments", 1), ("temporal", 1), ("update_map", 1), ("last", 3), ("last_sign", 1)),
                *(("golden", 3), ("golden_sign", 1), ("alt", 3), ("alt_sign", 1), ("lossless", 1)),
            )
        ],
        *[
            (name, c_uint8)
            for name in ("level", "sharpness", "tile_rows_log2", "tile_cols_log2", "uncompressed_header_size")
        ],
        ("compressed_header_size", c_uint16),
        ("tree_probs", c_uint8 * 7),
        ("pred_probs", c_uint8 * 3),
        *[(name, c_uint8) for name in ("profile", "bit_depth")],
        ("reserved", c_uint32 * 8),
    )


class Frame:
    """``surface``: the number of the picture that it becomes."""

    def __init__(self, surface: int) -> None:
        self.surface = surface
        self._buffers: dict[int, list[bytes]] = {}

    def add(self, kind: int, data: bytes) -> None:
        self._buffers.setdefault(kind, []).append(data)

    def all(self, kind: int, struct: type[S]) -> list[S]:
        """The buffers of a kind."""
        assert {len(data) for data in self._buffers[kind]} == {ctypes.sizeof(struct)}
        return [struct.from_buffer_copy(data) for data in self._buffers[kind]]

    def told(self, kind: int, struct: type[S]) -> S:
        """The only one."""
        (found,) = self.all(kind, struct)
        return found

    def raw(self, kind: int) -> bytes:
        return self._buffers[kind][0]


def told(codec: Codec, units: Sequence[bytes]) -> list[Frame]:
    """Have FFmpeg decode ``units`` by VA-API; what it said of each frame."""
    context = av.CodecContext.create(codec.lower(), "r", hwaccel=HWAccel("vaapi", allow_software_fallback=False))
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    TOLD.touch()
    try:
        for unit in units:
            context.decode(av.Packet(unit))
        context.decode(None)
        written = TOLD.read_bytes()
    finally:
        TOLD.unlink()
    frames: list[Frame] = []
    while written:
        kind, size = (int.from_bytes(written[at : at + 4], "little") for at in (0, 4))
        data, written = written[8 : 8 + size], written[8 + size :]
        if kind == BEGIN:
            frames.append(Frame(int.from_bytes(data, "little")))
        else:
            frames[-1].add(kind, data)
    return frames
