"""An H.264 frame's place in the order of showing (ITU-T H.264, section 8.2.1). Frames only. Pure."""

from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless.h264_sets import Sequence
from receiver.decode.stateless.h264_slice import Header

Counts = tuple[int, int]
"""TopFieldOrderCnt and BottomFieldOrderCnt"""


class Order:
    """Of one stream: each frame's counts follow from those before it."""

    _high = _low = 0
    """prevPicOrderCntMsb and prevPicOrderCntLsb"""
    _offset = _frame_num = 0
    """prevFrameNumOffset and prevFrameNum"""

    def counts(self, header: Header, sequence: Sequence) -> Counts:
        """Of the next frame."""
        if header.idr:
            self._begin_anew(0)
        sps = sequence.control
        if sps.pic_order_cnt_type == 0:
            return self._by_low_bits(header, sps)
        if header.frame_num < self._frame_num:
            self._offset += 1 << sps.log2_max_frame_num_minus4 + 4
        self._frame_num = header.frame_num
        if sps.pic_order_cnt_type == 1:
            return _by_cycle(header, sps, self._offset)
        count = 0 if header.idr else 2 * (self._offset + header.frame_num) - (not header.reference)
        return count, count

    def _by_low_bits(self, header: Header, sps: abi.Sps) -> Counts:
        low, half = header.order[0], 1 << sps.log2_max_pic_order_cnt_lsb_minus4 + 3
        high = self._high
        if low < self._low and self._low - low >= half:
            high += 2 * half
        elif low > self._low and low - self._low > half:
            high -= 2 * half
        if header.reference:
            self._high, self._low = high, low
        return high + low, high + low + header.order[1]

    def forget(self, counts: Counts) -> Counts:
        """By memory_management_control_operation 5: what the frame's counts are from then on."""
        top, bottom = counts[0] - min(counts), counts[1] - min(counts)
        self._begin_anew(top)
        return top, bottom

    def _begin_anew(self, low: int) -> None:
        self._high, self._low, self._offset, self._frame_num = 0, low, 0, 0


def _by_cycle(header: Header, sps: abi.Sps, offset: int) -> Counts:
    """Section 8.2.1.2."""
    length = sps.num_ref_frames_in_pic_order_cnt_cycle
    number = offset + header.frame_num if length else 0
    if not header.reference and number > 0:
        number -= 1
    expected = 0
    if number > 0:
        steps = sps.offset_for_ref_frame[:length]
        cycles, inside = divmod(number - 1, length)
        expected = cycles * sum(steps) + sum(steps[: inside + 1])
    if not header.reference:
        expected += sps.offset_for_non_ref_pic
    top = expected + header.order[2]
    return top, top + sps.offset_for_top_to_bottom_field + header.order[3]
