"""Our readers of headers (``decode/stateless``) say of each frame what FFmpeg says of it to a VA-API driver."""

from collections.abc import Sequence

import pytest

from receiver.decode.stateless import h264_abi, vp8_abi, vp9_abi
from receiver.decode.stateless.h264 import H264Reader
from receiver.decode.stateless.plan import NS, Part, Plan, Reader
from receiver.decode.stateless.vp8 import Vp8Reader
from receiver.decode.stateless.vp9 import Vp9Reader
from tests.peers import varied
from tests.peers.h264_writer import WRITTEN
from tests.vm.guest import va_told
from tests.vm.guest.va_told import MATRIX, PICTURE, PROBABILITY, SLICE

FFMPEGS_START = 1 << 16
"""From which it counts pictures after an IDR picture, where low bits tell their order; only differences matter."""


def plans(reader: Reader, units: Sequence[bytes]) -> list[Plan]:
    return [plan for unit in units for plan in reader.read(unit)]


def named(values: object, *names: str) -> dict[str, int]:
    return {name: getattr(values, name) for name in names}


@pytest.mark.parametrize("kind", varied.H264)
def test_h264_as_encoders_write_it(kind: str) -> None:
    _agree([data for data, _ in varied.encode("H264", kind, 40)])


@pytest.mark.parametrize("kind", WRITTEN)
def test_h264_as_none_of_them_writes_it(kind: str) -> None:
    _agree(WRITTEN[kind]())


def _agree(units: list[bytes]) -> None:
    ours, theirs = plans(H264Reader(by_slice=True), units), va_told.told("H264", units)
    assert len(ours) == len(theirs) == len(units)
    surfaces: dict[int, int] = {}
    """Their pictures by our numbers."""
    start = 0
    for plan, frame in zip(ours, theirs, strict=True):
        said = dict(plan.parts[0].controls)
        sps, pps, matrices, decode = (
            said[number] for number in (h264_abi.SPS, h264_abi.PPS, h264_abi.SCALING, h264_abi.DECODE)
        )
        assert isinstance(sps, h264_abi.Sps)
        assert isinstance(pps, h264_abi.Pps)
        assert isinstance(matrices, h264_abi.Scaling)
        assert isinstance(decode, h264_abi.DecodeParams)
        picture = frame.told(PICTURE, va_told.H264)
        shared = ("chroma_format_idc", "log2_max_frame_num_minus4", "pic_order_cnt_type")
        assert named(sps, *shared) == named(picture, *shared)
        if sps.pic_order_cnt_type == 0:
            assert sps.log2_max_pic_order_cnt_lsb_minus4 == picture.log2_max_pic_order_cnt_lsb_minus4
            start = FFMPEGS_START
        assert (sps.pic_width_in_mbs_minus1, sps.pic_height_in_map_units_minus1, sps.max_num_ref_frames) == (
            *(picture.width_in_mbs_minus1, picture.height_in_mbs_minus1),
            picture.num_ref_frames,
        )
        assert bool(sps.flags & h264_abi.DIRECT_8X8) == picture.direct_8x8
        steps = ("chroma_qp_index_offset", "second_chroma_qp_index_offset")
        assert named(pps, *steps) == named(picture, *steps)
        assert (pps.weighted_bipred_idc, pps.pic_init_qp_minus26) == (
            *(picture.weighted_bipred_idc, picture.pic_init_qp_minus26),
        )
        for flag, name in (
            *((h264_abi.CABAC, "cabac"), (h264_abi.WEIGHTED, "weighted"), (h264_abi.TRANSFORM_8X8, "transform_8x8")),
            *((h264_abi.INTRA_ONLY, "intra_only"), (h264_abi.ORDER_PRESENT, "order_present")),
            *((h264_abi.DEBLOCKING, "deblocking"), (h264_abi.REDUNDANT, "redundant")),
        ):
            assert bool(pps.flags & flag) == getattr(picture, name), name
        assert (decode.frame_num, bool(decode.nal_ref_idc)) == (picture.frame_num, picture.reference)
        assert (decode.top_field_order_cnt + start, decode.bottom_field_order_cnt + start) == (
            *(picture.current.top, picture.current.bottom),
        )
        matrix = frame.told(MATRIX, va_told.MatrixH264)
        assert bytes(matrices.scaling_list_4x4) == bytes(matrix.four)
        assert bytes(matrices.scaling_list_8x8)[:128] == bytes(matrix.eight)
        mine = {
            surfaces[entry.reference_ts // NS]: (
                *(entry.frame_num, entry.top_field_order_cnt + start, entry.bottom_field_order_cnt + start),
                bool(entry.flags & h264_abi.LONG_TERM),
            )
            for entry in decode.dpb
            if entry.flags
        }
        assert mine == {
            one.picture_id: (one.frame_idx, one.top, one.bottom, bool(one.flags & va_told.LONG))
            for one in picture.references
            if not one.flags & va_told.INVALID
        }
        for part, told in zip(plan.parts, frame.all(SLICE, va_told.SliceH264), strict=True):
            _agree_on_slice(part, told, [surfaces.get(entry.reference_ts // NS, 0) for entry in decode.dpb])
        surfaces[plan.unit] = frame.surface


def _agree_on_slice(part: Part, told: va_told.SliceH264, surfaces: list[int]) -> None:
    """``surfaces``: their pictures, by our numbers in lists of references."""
    said = dict(part.controls)[h264_abi.SLICE]
    assert isinstance(said, h264_abi.SliceParams)
    shared = ("header_bit_size", "first_mb_in_slice", "cabac_init_idc", "slice_qp_delta")
    assert named(said, *shared) == named(told, *shared)
    steps = ("disable_deblocking_filter_idc", "slice_alpha_c0_offset_div2", "slice_beta_offset_div2")
    assert [getattr(said, name) for name in steps] == [getattr(told, name) for name in steps]
    lengths = ("num_ref_idx_l0_active_minus1", "num_ref_idx_l1_active_minus1")
    assert [getattr(said, name) for name in lengths] == [getattr(told, name) for name in lengths]
    assert (said.slice_type, bool(said.flags & h264_abi.SPATIAL)) == (told.slice_type, bool(told.spatial))
    counts = [said.num_ref_idx_l0_active_minus1 + 1] * (told.slice_type != 2)
    counts += [said.num_ref_idx_l1_active_minus1 + 1] * (told.slice_type == 1)
    weights = dict(part.controls).get(h264_abi.WEIGHTS)
    for number, count in enumerate(counts):
        ours, theirs = (said.ref_pic_list0, said.ref_pic_list1)[number], told.lists[number]
        assert [surfaces[entry.index] for entry in ours[:count]] == [one.picture_id for one in theirs[:count]]
        if isinstance(weights, h264_abi.Weights):
            assert weights.luma_log2_weight_denom == told.luma_log2_weight_denom
            factors = weights.weight_factors[number]
            for name in ("luma_weight", "luma_offset"):
                if getattr(told, f"has_luma_{number}"):
                    assert [*getattr(factors, name)][:count] == [*getattr(told, f"{name}_{number}")][:count]
            for name in ("chroma_weight", "chroma_offset"):
                if getattr(told, f"has_chroma_{number}"):
                    flat = [value for pair in getattr(factors, name)[:count] for value in pair]
                    assert flat == [*getattr(told, f"{name}_{number}")][: 2 * count]


@pytest.mark.parametrize("kind", varied.VP8)
def test_vp8(kind: str) -> None:
    units = [data for data, _ in varied.encode("VP8", kind, 40)]
    ours, theirs = plans(Vp8Reader(), units), va_told.told("VP8", units)
    assert len(ours) == len(theirs) == len(units)
    surfaces = {0: 0xFFFFFFFF}
    for plan, frame in zip(ours, theirs, strict=True):
        said = dict(plan.parts[0].controls)[vp8_abi.FRAME]
        assert isinstance(said, vp8_abi.Frame)
        picture, part = frame.told(PICTURE, va_told.Vp8), frame.told(SLICE, va_told.SliceVp8)
        key = bool(said.flags & vp8_abi.KEY)
        assert (said.width, said.height, said.version) == (picture.width, picture.height, picture.version)
        if not key:
            times = said.last_frame_ts, said.golden_frame_ts, said.alt_frame_ts
            assert [surfaces[time // NS] for time in times] == [picture.last, picture.golden, picture.alt]
        for flags, flag, name in (
            *((said.flags ^ vp8_abi.KEY, vp8_abi.KEY, "no_key"), (said.flags, vp8_abi.SKIPS, "skips")),
            *((said.flags, vp8_abi.GOLDEN_SIGN, "golden_sign"), (said.flags, vp8_abi.ALT_SIGN, "alt_sign")),
            *(
                (said.segment.flags, vp8_abi.SEGMENTS, "segments"),
                (said.segment.flags, vp8_abi.UPDATE_MAP, "update_map"),
            ),
            (said.segment.flags, vp8_abi.UPDATE_MAP, "update_map"),
            (said.segment.flags, vp8_abi.UPDATE_DATA, "update_data"),
            *((said.lf.flags, vp8_abi.ADJUST, "adjust"), (said.lf.flags, vp8_abi.UPDATE_DELTAS, "update_deltas")),
        ):
            assert bool(flags & flag) == getattr(picture, name), name
        assert said.lf.sharpness_level == picture.sharpness
        assert bytes(said.lf.ref_frm_delta) == bytes(picture.ref_frm_delta)
        assert bytes(said.lf.mb_mode_delta) == bytes(picture.mb_mode_delta)
        if said.segment.flags & vp8_abi.UPDATE_MAP:
            assert bytes(said.segment.segment_probs) == bytes(picture.segment_probs)
        shared = ("prob_intra", "prob_last", "prob_gf") if not key else ()
        assert named(said, *shared) == named(picture, *shared)
        if picture.skips:
            assert said.prob_skip_false == picture.prob_skip_false
        assert bytes(said.entropy.coeff_probs) == frame.raw(PROBABILITY)[: 4 * 8 * 3 * 11]
        for name in ("y_mode_probs", "uv_mode_probs", "mv_probs"):
            assert key or bytes(getattr(said.entropy, name)) == bytes(getattr(picture, name)), name
        state = said.coder_state
        assert (state.range, state.value, state.bit_count) == (picture.range, picture.value, picture.bit_count)
        assert said.first_part_header_bits == part.macroblock_offset
        assert [*said.dct_part_sizes][: said.num_dct_parts] == [*part.sizes][1 : part.partitions]
        indices = frame.told(MATRIX, va_told.MatrixVp8).indices
        for segment in range(4):
            assert _levels(said, segment) == (picture.filter_level[segment], list(indices[segment]))
        surfaces[plan.unit] = frame.surface


def _levels(said: vp8_abi.Frame, segment: int) -> tuple[int, list[int]]:
    """Of a segment (RFC 6386, sections 9.3, 9.6): the level of its filter and the indices of its quantizers."""
    level, index = said.lf.level, said.quant.y_ac_qi
    if said.segment.flags & vp8_abi.SEGMENTS:
        deltas = bool(said.segment.flags & vp8_abi.DELTAS)
        level = said.segment.lf_update[segment] + deltas * level
        index = said.segment.quant_update[segment] + deltas * index
    level = max(0, min(63, level))
    quant = said.quant
    steps = 0, quant.y_dc_delta, quant.y2_dc_delta, quant.y2_ac_delta, quant.uv_dc_delta, quant.uv_ac_delta
    return level, [max(0, min(127, index + step)) for step in steps]


@pytest.mark.parametrize("kind", varied.VP9)
def test_vp9(kind: str) -> None:
    """But for the compressed header, which a VA-API driver reads itself: of that the end is looked at elsewhere."""
    units = [data for data, _ in varied.encode("VP9", kind, 40)]
    ours, theirs = plans(Vp9Reader(), units), va_told.told("VP9", units)
    assert len(ours) == len(theirs) == len(units)
    surfaces: dict[int, int] = {}
    for plan, frame in zip(ours, theirs, strict=True):
        said, picture = dict(plan.parts[0].controls)[vp9_abi.FRAME], frame.told(PICTURE, va_told.Vp9)
        assert isinstance(said, vp9_abi.Frame)
        shared = ("tile_rows_log2", "tile_cols_log2", "uncompressed_header_size", "compressed_header_size", "bit_depth")
        assert named(said, *shared) == named(picture, *shared)
        assert (said.frame_width_minus_1 + 1, said.frame_height_minus_1 + 1) == (picture.width, picture.height)
        assert (said.lf.level, said.lf.sharpness) == (picture.level, picture.sharpness)
        for flags, flag, name in (
            *((said.flags ^ vp9_abi.KEY, vp9_abi.KEY, "no_key"), (said.flags, vp9_abi.SHOWN, "shown")),
            *((said.flags, vp9_abi.RESILIENT, "resilient"), (said.flags, vp9_abi.INTRA_ONLY, "intra_only")),
            *((said.flags, vp9_abi.PARALLEL, "parallel"), (said.flags, vp9_abi.REFRESH, "refresh")),
            *((said.seg.flags, vp9_abi.SEGMENTS, "segments"), (said.seg.flags, vp9_abi.UPDATE_MAP, "update_map")),
        ):
            assert bool(flags & flag) == getattr(picture, name), name
        if said.seg.flags & vp9_abi.UPDATE_MAP:
            assert bytes(said.seg.tree_probs) == bytes(picture.tree_probs)
            assert bytes(said.seg.pred_probs) == bytes(picture.pred_probs)
            assert bool(said.seg.flags & vp9_abi.TEMPORAL) == picture.temporal
        if not said.flags & vp9_abi.KEY:
            assert bool(said.flags & vp9_abi.PRECISE_MOTION) == picture.precise_motion
            assert said.frame_context_idx == picture.context
            assert said.interpolation_filter == FILTERS[picture.filter_type]
            times = said.last_frame_ts, said.golden_frame_ts, said.alt_frame_ts
            slots = picture.last, picture.golden, picture.alt
            assert [surfaces[time // NS] for time in times] == [picture.references[slot] for slot in slots]
            signs = picture.last_sign | picture.golden_sign << 1 | picture.alt_sign << 2
            assert said.ref_frame_sign_bias == signs
        surfaces[plan.unit] = frame.surface


FILTERS = (0, 1, 2, 3, 4)
"""V4L2_VP9_INTERP_FILTER_* by FFmpeg's mcomp_filter_type."""
