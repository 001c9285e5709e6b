"""Which pictures an H.264 frame may be predicted from (ITU-T H.264, section 8.2.5). Frames only. Pure."""

from dataclasses import dataclass

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless.h264_lists import Candidate
from receiver.decode.stateless.h264_order import Counts
from receiver.decode.stateless.h264_slice import Header, Mark
from receiver.decode.stateless.plan import NS


@dataclass(slots=True)
class Reference:
    """``long_term``: its LongTermFrameIdx, where it is kept for long."""

    unit: int
    frame_num: int
    counts: Counts
    long_term: int | None = None


class References:
    """Of one stream. ``modulus``: MaxFrameNum; ``most``: max_num_ref_frames."""

    def __init__(self, modulus: int, most: int) -> None:
        self.modulus = modulus
        self._most = max(most, 1)
        self._kept: list[Reference] = []
        self._last_num = 0
        """PrevRefFrameNum"""

    @property
    def units(self) -> frozenset[int]:
        """Numbers of the pictures that are kept."""
        return frozenset(one.unit for one in self._kept)

    def before(self, header: Header, gaps: bool) -> None:
        """Before a frame is decoded. ``gaps``: numbers may be left out (gaps_in_frame_num_value_allowed_flag): the last
        picture stands in for those. Raises DecodeError where some are missing."""
        if header.idr:
            self._kept.clear()
            return
        if header.frame_num in (self._last_num, (self._last_num + 1) % self.modulus):
            return
        if not gaps or not self._kept:
            raise DecodeError("H264 pictures are missing")
        last = max(self._kept, key=lambda one: one.unit)
        missing = (header.frame_num - self._last_num) % self.modulus - 1
        for back in range(min(missing, self._most), 0, -1):
            self._slide((header.frame_num - back) % self.modulus)
            self._kept.append(Reference(last.unit, (header.frame_num - back) % self.modulus, last.counts))

    def tell(self, header: Header, said: abi.DecodeParams) -> None:
        """The device, of what is kept while this frame is decoded."""
        for entry, one in zip(said.dpb, self._kept, strict=False):
            entry.reference_ts = one.unit * NS
            long_term = one.long_term is not None
            entry.frame_num = one.long_term if one.long_term is not None else one.frame_num
            entry.pic_num = (one.long_term or 0) if long_term else self._pic_num(one, header.frame_num) & 0xFFFFFFFF
            entry.fields = abi.WHOLE_FRAME
            entry.top_field_order_cnt, entry.bottom_field_order_cnt = one.counts
            entry.flags = abi.VALID | abi.ACTIVE | long_term * abi.LONG_TERM

    def candidates(self, frame_num: int) -> list[Candidate]:
        """For lists of references, in the order in which ``tell`` has them."""
        return [
            Candidate(
                index,
                self._pic_num(one, frame_num) if one.long_term is None else one.long_term,
                one.long_term is not None,
                min(one.counts),
            )
            for index, one in enumerate(self._kept)
        ]

    def after(self, header: Header, unit: int, counts: Counts) -> None:
        """The frame is decoded. Raises DecodeError where it marks a picture that there isn't."""
        if not header.reference:
            return
        current = Reference(unit, header.frame_num, counts, 0 if header.long_term else None)
        if header.marks is None:
            if not header.idr:
                self._slide(header.frame_num)
        else:
            for mark in header.marks:
                self._mark(mark, current)
        if len(self._kept) >= self._most:
            raise DecodeError(f"H264 keeps more than {self._most} pictures")
        self._kept.append(current)
        self._last_num = current.frame_num

    def _pic_num(self, one: Reference, frame_num: int) -> int:
        return one.frame_num - (self.modulus if one.frame_num > frame_num else 0)

    def _slide(self, frame_num: int) -> None:
        """Make room for one more (section 8.2.5.3)."""
        if len(self._kept) >= self._most:
            short = [one for one in self._kept if one.long_term is None]
            if not short:
                raise DecodeError("H264 keeps all its pictures for long, and has room for no other")
            self._kept.remove(min(short, key=lambda one: self._pic_num(one, frame_num)))

    def _mark(self, mark: Mark, current: Reference) -> None:
        """Section 8.2.5.4."""
        if mark.operation in (1, 3):
            one = self._short(current.frame_num - mark.first - 1, current.frame_num)
            if mark.operation == 1:
                self._kept.remove(one)
            else:
                self._free(mark.second)
                one.long_term = mark.second
        elif mark.operation == 2:
            self._free(mark.first, must=True)
        elif mark.operation == 4:
            self._kept = [one for one in self._kept if one.long_term is None or one.long_term < mark.first]
        elif mark.operation == 5:
            self._kept.clear()
            current.frame_num = 0
        else:
            self._free(mark.first)
            current.long_term = mark.first

    def _short(self, pic_num: int, frame_num: int) -> Reference:
        for one in self._kept:
            if one.long_term is None and self._pic_num(one, frame_num) == pic_num:
                return one
        raise DecodeError("H264 marks a picture that is not kept")

    def _free(self, long_term: int, must: bool = False) -> None:
        """No picture has this LongTermFrameIdx any more."""
        left = [one for one in self._kept if one.long_term != long_term]
        if must and len(left) == len(self._kept):
            raise DecodeError("H264 marks a picture that is not kept for long")
        self._kept = left
