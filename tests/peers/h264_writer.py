"""H.264 written by hand (ITU-T H.264, section 7.3): small pictures, each like the one that it is predicted from, with
headers that no encoder in stock writes."""

from collections.abc import Sequence
from dataclasses import dataclass

from receiver.decode.stateless.h264_slice import Mark

SIDE_IN_MBS = 4
GREY_MB = "00100111"
"""I_16x16, predicted from the mean of what is around, without a residual."""
FRAME_NUM_BITS = ORDER_BITS = 4


class Bits:
    def __init__(self) -> None:
        self.text = ""

    def u(self, count: int, number: int) -> "Bits":
        self.text += f"{number:0{count}b}" if count else ""
        return self

    def ue(self, *numbers: int) -> "Bits":
        for number in numbers:
            text = f"{number + 1:b}"
            self.text += "0" * (len(text) - 1) + text
        return self

    def se(self, *numbers: int) -> "Bits":
        return self.ue(*(2 * number - 1 if number > 0 else -2 * number for number in numbers))

    def unit(self, header: int) -> bytes:
        """As a NAL unit of a byte stream, with what keeps start codes out of it."""
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        body = int(text, 2).to_bytes(len(text) // 8, "big")
        escaped = bytearray()
        for byte in body:
            if escaped[-2:] == b"\0\0" and byte <= 3:
                escaped.append(3)
            escaped.append(byte)
        return b"\0\0\0\1" + bytes([header]) + bytes(escaped)


@dataclass(frozen=True)
class Stream:
    """``cycle``: offset_for_non_ref_pic and the offset_for_ref_frame of pic_order_cnt_type 1; ``counts``: pictures that
    a frame is predicted from."""

    order_type: int = 0
    references: int = 4
    gaps: bool = False
    cycle: tuple[int, ...] = (-1, 2, 4)
    progressive: bool = True
    slice_groups: int = 0
    side: int = SIDE_IN_MBS
    counts: int = 1

    def sets(self) -> bytes:
        bits = Bits().u(8, 77).u(8, 0).u(8, 10).ue(0, FRAME_NUM_BITS - 4, self.order_type)
        if self.order_type == 0:
            bits.ue(ORDER_BITS - 4)
        elif self.order_type == 1:
            bits.u(1, 0).se(self.cycle[0], 0).ue(len(self.cycle) - 1).se(*self.cycle[1:])
        bits.ue(self.references).u(1, self.gaps).ue(self.side - 1, self.side - 1).u(1, self.progressive)
        if not self.progressive:
            bits.u(1, 0)
        bits.u(1, 1).u(1, 0).u(1, 0)
        pictures = Bits().ue(0, 0).u(1, 0).u(1, 0).ue(self.slice_groups)
        pictures.ue(self.counts - 1, 0).u(1, 0).u(2, 0).se(0, 0, 0).u(1, 0).u(1, 0).u(1, 0)
        return bits.unit(0x67) + pictures.unit(0x68)

    def keyframe(self, long_term: bool = False) -> bytes:
        bits = Bits().ue(0, 7, 0).u(FRAME_NUM_BITS, 0).ue(0)
        self._order(bits, 0)
        bits.u(1, 0).u(1, long_term).se(0)
        bits.text += GREY_MB * self.side**2
        return bits.unit(0x65)

    def frame(
        self,
        frame_num: int,
        low: int = 0,
        reference: bool = True,
        marks: Sequence[Mark] | None = None,
        changes: Sequence[tuple[int, int]] = (),
    ) -> bytes:
        """A P picture. ``low``: pic_order_cnt_lsb, or delta_pic_order_cnt[0]; ``marks``: None: the window slides;
        ``changes``: of its list of references."""
        bits = Bits().ue(0, 5, 0).u(FRAME_NUM_BITS, frame_num)
        self._order(bits, low)
        bits.u(1, 0).u(1, bool(changes))
        if changes:
            bits.ue(*(number for change in changes for number in change), 3)
        if reference:
            bits.u(1, marks is not None)
            for mark in marks or ():
                bits.ue(mark.operation)
                if mark.operation != 5:
                    bits.ue(mark.first)
                if mark.operation == 3:
                    bits.ue(mark.second)
            if marks is not None:
                bits.ue(0)
        bits.se(0).ue(self.side**2)
        return bits.unit(0x61 if reference else 0x01)

    def _order(self, bits: Bits, low: int) -> None:
        if self.order_type == 0:
            bits.u(ORDER_BITS, low)
        elif self.order_type == 1:
            bits.se(low)


def kept_for_long(stream: Stream = Stream()) -> list[bytes]:
    """Pictures that are kept for long, and given up (each memory_management_control_operation but the fifth)."""
    frames = [stream.sets() + stream.keyframe(long_term=True)]
    script: list[Sequence[Mark] | None] = [
        *(None, None, (Mark(4, 3),), (Mark(3, 0, 1), Mark(1, 1)), (Mark(2, 0),), (Mark(1, 4), Mark(6, 2)), None),
        *((Mark(4, 2),), None, (Mark(1, 0), Mark(4, 1), Mark(6, 0)), *(None,) * 20),
    ]
    number = low = 0
    for marks in script:
        number, low = number + 1, low + 2
        frames.append(stream.frame(number % 16, low % 16, marks=marks))
    return frames


def ordered_by_cycle() -> list[bytes]:
    """pic_order_cnt_type 1, with pictures that none is predicted from."""
    stream = Stream(order_type=1, references=2)
    frames, number = [stream.sets() + stream.keyframe()], 0
    for place in range(1, 40):
        number = (number + 1) % 16
        reference = place % 3 != 0
        frames.append(stream.frame(number, place % 2, reference))
        number -= not reference
    return frames


def with_gaps() -> list[bytes]:
    """Numbers left out, as where a sender's layer was taken off on the way."""
    stream = Stream(order_type=2, references=3, gaps=True)
    frames = [stream.sets() + stream.keyframe()]
    return frames + [stream.frame(number % 16) for number in (1, 2, 4, 5, 8, 9, 15, 17, 18, 23, 24)]


WRITTEN = {"kept for long": kept_for_long, "ordered by cycle": ordered_by_cycle}
"""What every decoder has to say the same of."""
