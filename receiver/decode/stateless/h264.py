"""H.264 for a device that takes whole frames and reads the headers of their slices itself, or takes slice after slice
and is told what is in them. Pure."""

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless import h264_sets as sets
from receiver.decode.stateless.abi import Control
from receiver.decode.stateless.bits import units
from receiver.decode.stateless.h264_lists import lists, slice_params
from receiver.decode.stateless.h264_order import Order
from receiver.decode.stateless.h264_references import References
from receiver.decode.stateless.h264_slice import IDR_UNIT, B, Header, I, P, pps_number, read
from receiver.decode.stateless.plan import Part, Plan, Unfit
from receiver.decode.stateless.showing import Showing

SLICE, PARTS, SPS_UNIT, PPS_UNIT = 1, (2, 3, 4), 7, 8
START = b"\0\0\1"


class H264Reader:
    """One stream's. ``by_slice``: in which of the two ways."""

    def __init__(self, by_slice: bool = False) -> None:
        mode, start = (abi.BY_SLICE, abi.BARE) if by_slice else (abi.BY_FRAME, abi.ANNEX_B)
        self.settings: tuple[Control, ...] = ((abi.DECODE_MODE, mode), (abi.START_CODE, start))
        self._by_slice = by_slice
        self._raw: dict[int, bytes] = {}
        self._sequences: dict[int, sets.Sequence] = {}
        self._pictures: dict[int, bytes] = {}
        self._parsed: dict[int, sets.PictureSet] = {}
        self._unit = 0
        self._order = Order()
        self._references: References | None = None
        self._showing = Showing(0)

    def read(self, data: bytes) -> list[Plan]:
        slices = []
        for unit in units(data):
            kind = unit[0] & 31
            if kind in (SLICE, IDR_UNIT):
                slices.append(unit)
            elif kind == SPS_UNIT:
                self._take_sequence(unit)
            elif kind == PPS_UNIT:
                number = sets.number(unit)
                if self._pictures.get(number) != unit:
                    self._pictures[number] = unit
                    self._parsed.pop(number, None)
            elif kind in PARTS:
                raise Unfit("H264 in data partitions")
        return [self._plan(slices)] if slices else []

    def _take_sequence(self, unit: bytes) -> None:
        sequence = sets.read_sps(unit) if unit not in self._raw.values() else None
        if sequence is not None:
            number = sequence.control.seq_parameter_set_id
            self._raw[number], self._sequences[number] = unit, sequence
            self._parsed.clear()

    def _goes_by(self, number: int) -> sets.PictureSet:
        if number not in self._parsed:
            if number not in self._pictures:
                raise DecodeError(f"H264 without its picture parameter set {number}")
            self._parsed[number] = sets.read_pps(self._pictures[number], self._sequences)
        return self._parsed[number]

    def _plan(self, slices: list[bytes]) -> Plan:
        goes_by = self._goes_by(pps_number(slices[0]))
        sequence = goes_by.sequence
        header = read(slices[0], goes_by)
        self._unit += 1
        shows: list[int] = []
        if header.idr:
            shows += self._showing.all()
            sps = sequence.control
            self._references = References(1 << sps.log2_max_frame_num_minus4 + 4, sps.max_num_ref_frames)
            self._showing = Showing(sequence.reorder)
        if self._references is None:
            raise DecodeError("H264 has to begin with a keyframe")
        references = self._references
        references.before(header, bool(sequence.control.flags & abi.GAPS))
        counts = self._order.counts(header, sequence)
        said = _told(header, counts)
        references.tell(header, said)
        if self._by_slice:
            parts = [self._slice(one, references, said) for one in slices]
        else:
            data = b"".join(part for one in slices for part in (START, one))
            parts = [Part(data, (*_sets(goes_by), (abi.DECODE, said)))]
        if header.marks and any(mark.operation == 5 for mark in header.marks):
            counts = self._order.forget(counts)
            shows += self._showing.all()
        references.after(header, self._unit, counts)
        shows += self._showing.add(min(counts), self._unit, references.units, sequence.layout.pictures)
        kept = references.units | self._showing.units
        return Plan(self._unit, sequence.layout, tuple(parts), tuple(shows), kept, _sets(goes_by)[:1])

    def _slice(self, unit: bytes, references: References, said: abi.DecodeParams) -> Part:
        """``said``: of its whole picture."""
        goes_by = self._goes_by(pps_number(unit))
        header = read(unit, goes_by)
        place = min(said.top_field_order_cnt, said.bottom_field_order_cnt)
        given = lists(references.candidates(said.frame_num), header, place, references.modulus)
        own: tuple[Control, ...] = ((abi.DECODE, said), (abi.SLICE, slice_params(header, given)))
        if header.own.weights is not None:
            own += ((abi.WEIGHTS, header.own.weights),)
        return Part(unit, (*_sets(goes_by), *own))


def _sets(goes_by: sets.PictureSet) -> tuple[Control, ...]:
    return (abi.SPS, goes_by.sequence.control), (abi.PPS, goes_by.control), (abi.SCALING, goes_by.matrices)


def _told(header: Header, counts: tuple[int, int]) -> abi.DecodeParams:
    """What the device has to know of the frame itself."""
    low, bottom, first, second = header.order
    flags = {P: abi.P_FRAME, B: abi.B_FRAME, I: 0}[header.kind] | header.idr * abi.IDR
    return abi.DecodeParams(
        nal_ref_idc=header.reference,
        frame_num=header.frame_num,
        top_field_order_cnt=counts[0],
        bottom_field_order_cnt=counts[1],
        idr_pic_id=header.idr_pic_id,
        pic_order_cnt_lsb=low,
        delta_pic_order_cnt_bottom=bottom,
        delta_pic_order_cnt0=first,
        delta_pic_order_cnt1=second,
        dec_ref_pic_marking_bit_size=header.marks_bits,
        pic_order_cnt_bit_size=header.order_bits,
        flags=flags,
    )
