"""The parts of a VP8 frame's header (RFC 6386, sections 9.3 to 9.11 and 19.2), each as the kernel has it. Pure."""

from dataclasses import dataclass

from receiver.decode.api import DecodeError
from receiver.decode.stateless import vp8_abi as abi
from receiver.decode.stateless import vp8_tables as tables
from receiver.decode.stateless.bool_decoder import BoolDecoder


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What frames inherit from each other."""

    coefficients: bytes = tables.COEFFICIENTS
    luma_modes: bytes = tables.LUMA_MODES
    chroma_modes: bytes = tables.CHROMA_MODES
    motion: bytes = tables.MOTION

    def entropy(self) -> abi.Entropy:
        said = abi.Entropy()
        said.coeff_probs[:] = self.coefficients
        said.y_mode_probs[:] = self.luma_modes
        said.uv_mode_probs[:] = self.chroma_modes
        said.mv_probs[:] = self.motion
        return said


def read_segments(bits: BoolDecoder, said: abi.Segment) -> None:
    """Section 9.3. ``said``: as the frame before left it, and changed."""
    said.flags &= abi.DELTAS
    if not bits.bool():
        return
    said.flags |= abi.SEGMENTS
    update_map, update_data = bits.bool(), bits.bool()
    if update_data:
        said.flags = abi.SEGMENTS | abi.UPDATE_DATA | (0 if bits.bool() else abi.DELTAS)
        said.quant_update[:] = [bits.signed(7) for _ in range(4)]
        said.lf_update[:] = [bits.signed(6) for _ in range(4)]
    if update_map:
        said.flags |= abi.UPDATE_MAP
        said.segment_probs[:] = [bits.u(8) if bits.bool() else 255 for _ in range(3)]


def read_filter(bits: BoolDecoder, said: abi.LoopFilter) -> None:
    """Sections 9.4 and 9.6. ``said``: as the frame before left it, and changed."""
    said.flags = abi.SIMPLE * bits.bool()
    said.level, said.sharpness_level = bits.u(6), bits.u(3)
    if not bits.bool():
        return
    said.flags |= abi.ADJUST
    if not bits.bool():
        return
    said.flags |= abi.UPDATE_DELTAS
    for deltas in (said.ref_frm_delta, said.mb_mode_delta):
        for index in range(4):
            if bits.bool():
                number = bits.u(6)
                deltas[index] = -number if bits.bool() else number


def partition_sizes(data: bytes, begin: int, count: int) -> list[int]:
    """Section 9.5: of those with coefficients, from ``begin`` on. Raises DecodeError."""
    sizes = begin + 3 * (count - 1)
    found = [int.from_bytes(data[at : at + 3], "little") for at in range(begin, sizes, 3)]
    last = len(data) - sizes - sum(found)
    if last < 0:
        raise DecodeError("a VP8 frame ends within its partitions")
    return [*found, last]


def read_changes(bits: BoolDecoder, known: Probabilities, key: bool, said: abi.Frame) -> Probabilities:
    """Sections 9.9 to 9.11: from the probabilities of coefficients to the header's end."""
    coefficients = bytearray(known.coefficients)
    changed = -1
    while (changed := bits.first_true(tables.COEFFICIENT_CHANGES, changed + 1)) < len(coefficients):
        coefficients[changed] = bits.u(8)
    if bits.bool():
        said.flags |= abi.SKIPS
        said.prob_skip_false = bits.u(8)
    luma, chroma, motion = known.luma_modes, known.chroma_modes, bytearray(known.motion)
    if not key:
        said.prob_intra, said.prob_last, said.prob_gf = bits.u(8), bits.u(8), bits.u(8)
        if bits.bool():
            luma = bytes(bits.u(8) for _ in range(4))
        if bits.bool():
            chroma = bytes(bits.u(8) for _ in range(3))
        changed = -1
        while (changed := bits.first_true(tables.MOTION_CHANGES, changed + 1)) < len(motion):
            motion[changed] = bits.u(7) << 1 or 1
    return Probabilities(bytes(coefficients), luma, chroma, bytes(motion))
