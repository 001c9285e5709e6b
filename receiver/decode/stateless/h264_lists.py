"""Lists of references of an H.264 slice (ITU-T H.264, section 8.2.4). Frames only. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from receiver.decode.api import DecodeError
from receiver.decode.stateless import h264_abi as abi
from receiver.decode.stateless.h264_slice import B, Changes, Header, P


class Candidate(NamedTuple):
    """A picture that is kept. ``entry``: its place in what the device is told of those; ``number``: PicNum, or
    LongTermPicNum where it is kept for long; ``place``: in the order of showing."""

    entry: int
    number: int
    long_term: bool
    place: int


def lists(kept: Sequence[Candidate], header: Header, place: int, modulus: int) -> list[list[Candidate]]:
    """Lists 0 and 1 of a slice. ``place``: of its own picture; ``modulus``: MaxFrameNum. Raises DecodeError."""
    counts, changes = header.own.counts, header.own.changes
    begun = _initial(kept, header.kind, place)
    return [
        _changed(one[:count], changed, kept, header.frame_num, modulus, count)
        for one, changed, count in zip(begun, changes, counts, strict=True)
    ]


def _initial(kept: Sequence[Candidate], kind: int, place: int) -> list[list[Candidate]]:
    """Section 8.2.4.2."""
    short = [one for one in kept if not one.long_term]
    long_term = sorted((one for one in kept if one.long_term), key=lambda one: one.number)
    if kind == P:
        return [sorted(short, key=lambda one: -one.number) + long_term, []]
    if kind != B:
        return [[], []]
    before = sorted((one for one in short if one.place < place), key=lambda one: -one.place)
    after = sorted((one for one in short if one.place >= place), key=lambda one: one.place)
    first, second = before + after + long_term, after + before + long_term
    if len(second) > 1 and first == second:
        second[:2] = second[1::-1]
    return [first, second]


def _changed(
    begun: list[Candidate], changes: Changes, kept: Sequence[Candidate], frame_num: int, modulus: int, count: int
) -> list[Candidate]:
    """Section 8.2.4.3; a list that is too short goes on with its first picture."""
    found, predicted = begun, frame_num
    for at, (operation, number) in enumerate(changes[:count]):
        if operation == 2:
            wanted = next((one for one in kept if one.long_term and one.number == number), None)
        else:
            predicted = (predicted + (number + 1) * (1 if operation else -1)) % modulus
            picture = predicted - (modulus if predicted > frame_num else 0)
            wanted = next((one for one in kept if not one.long_term and one.number == picture), None)
        if wanted is None:
            raise DecodeError("an H264 slice is predicted from a picture that is not kept")
        found = [*found[:at], wanted, *(one for one in found[at:] if one != wanted)][:count]
    if count and not found:
        raise DecodeError("an H264 slice is predicted from nothing")
    return found + found[:1] * (count - len(found))


def slice_params(header: Header, given: Sequence[Sequence[Candidate]]) -> abi.SliceParams:
    """What a device has to know of a slice whose header it doesn't read."""
    own = header.own
    said = abi.SliceParams(
        header_bit_size=own.bits,
        first_mb_in_slice=own.first_mb,
        slice_type=header.kind,
        cabac_init_idc=own.cabac_init_idc,
        slice_qp_delta=own.qp_delta,
        num_ref_idx_l0_active_minus1=max(0, own.counts[0] - 1),
        num_ref_idx_l1_active_minus1=max(0, own.counts[1] - 1),
        flags=own.spatial * abi.SPATIAL,
    )
    off, said.slice_alpha_c0_offset_div2, said.slice_beta_offset_div2 = own.filter
    said.disable_deblocking_filter_idc = off
    for target, candidates in zip((said.ref_pic_list0, said.ref_pic_list1), given, strict=True):
        for entry, one in zip(target, candidates, strict=False):
            entry.fields, entry.index = abi.WHOLE_FRAME, one.entry
    return said
