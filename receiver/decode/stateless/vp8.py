"""VP8 for a device that decodes macroblocks: the frame's header is read here (RFC 6386, sections 9 and 19.2). Pure."""

from receiver.decode.api import DecodeError
from receiver.decode.stateless import vp8_abi as abi
from receiver.decode.stateless import vp8_header as header
from receiver.decode.stateless.abi import Control
from receiver.decode.stateless.bool_decoder import BoolDecoder
from receiver.decode.stateless.plan import NS, Layout, Part, Plan
from receiver.decode.v4l2.formats import Meaning

TAG, KEY_HEADER = 3, 10
"""Bytes before the first partition."""
START_CODE = b"\x9d\x01\x2a"
BT601 = Meaning(6, 2, False)
"""What the format says of its colours (section 9.2); a sender may know better."""


class Vp8Reader:
    """One stream's."""

    settings: tuple[Control, ...] = ()

    def __init__(self) -> None:
        self._unit = 0
        self._layout: Layout | None = None
        self._scales = (0, 0)
        self._last = self._golden = self._alt = 0
        """Numbers of the pictures that frames are predicted from."""
        self._signs = 0
        self._segment, self._filter = abi.Segment(), abi.LoopFilter()
        self._probabilities = header.Probabilities()

    def read(self, data: bytes) -> list[Plan]:
        tag = int.from_bytes(data[:TAG], "little")
        key, shown, first = not tag & 1, bool(tag & 0x10), tag >> 5
        begin = KEY_HEADER if key else TAG
        if begin + first > len(data):
            raise DecodeError("a VP8 frame ends within its first partition")
        if key:
            self._begin(data)
        if self._layout is None:
            raise DecodeError("VP8 has to begin with a keyframe")
        said = abi.Frame(version=tag >> 1 & 7, first_part_size=first, flags=key * abi.KEY | shown * abi.SHOWN)
        said.width, said.height = self._layout.size
        said.horizontal_scale, said.vertical_scale = self._scales
        said.last_frame_ts, said.golden_frame_ts, said.alt_frame_ts = (
            unit * NS for unit in (self._last, self._golden, self._alt)
        )
        bits = BoolDecoder(data[begin : begin + first])
        if key:
            bits.u(2)  # color_space and clamping_type
        header.read_segments(bits, self._segment)
        header.read_filter(bits, self._filter)
        said.segment, said.lf = self._segment, self._filter
        said.num_dct_parts = count = 1 << bits.u(2)
        said.dct_part_sizes[:count] = header.partition_sizes(data, begin + first, count)
        said.quant = abi.Quantization(bits.u(7), *(bits.signed(4) for _ in range(5)))
        self._unit += 1
        keeps_probabilities = self._read_references(bits, key)
        known = self._probabilities
        self._probabilities = header.read_changes(bits, known, key, said)
        said.entropy = self._probabilities.entropy()
        if not keeps_probabilities:
            self._probabilities = known
        if bits.taken > 8 * first:
            raise DecodeError("a VP8 frame's header is longer than its first partition")
        said.flags |= self._signs
        said.coder_state = abi.CoderState(*bits.state)
        said.first_part_header_bits = bits.taken
        kept = frozenset((self._last, self._golden, self._alt))
        parts = (Part(data, ((abi.FRAME, said),)),)
        return [Plan(self._unit, self._layout, parts, (self._unit,) * shown, kept)]

    def _begin(self, data: bytes) -> None:
        """A keyframe: its size, and nothing is left of what was."""
        if data[TAG:6] != START_CODE:
            raise DecodeError("a VP8 keyframe without its start code")
        across, down = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
        size, self._scales = (across & 0x3FFF, down & 0x3FFF), (across >> 14, down >> 14)
        if not all(size):
            raise DecodeError("a VP8 picture with nothing in it")
        self._layout = Layout(size, (0, 0, *size), 3, BT601)
        self._signs = 0
        self._segment, self._filter = abi.Segment(), abi.LoopFilter()
        self._probabilities = header.Probabilities()

    def _read_references(self, bits: BoolDecoder, key: bool) -> bool:
        """Section 9.7: which pictures this one takes the place of. Whether its probabilities outlive it."""
        if key:
            self._last = self._golden = self._alt = self._unit
            return bits.bool()
        last, golden, alt = self._last, self._golden, self._alt
        new_golden, new_alt = bits.bool(), bits.bool()
        if new_golden:
            self._golden = self._unit
        else:
            self._golden = (golden, last, alt, golden)[bits.u(2)]
        if new_alt:
            self._alt = self._unit
        else:
            self._alt = (alt, last, golden, alt)[bits.u(2)]
        self._signs = bits.bool() * abi.GOLDEN_SIGN | bits.bool() * abi.ALT_SIGN
        kept = bits.bool()
        if bits.bool():
            self._last = self._unit
        return kept
