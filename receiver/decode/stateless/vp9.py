"""VP9 for a device that decodes tiles: both of a frame's headers are read here (VP9 bitstream specification). Pure."""

from receiver.decode.api import DecodeError
from receiver.decode.stateless import vp9_abi as abi
from receiver.decode.stateless import vp9_changes, vp9_header
from receiver.decode.stateless.abi import Control
from receiver.decode.stateless.plan import NOTHING_SAID, NS, Layout, Part, Plan, Unfit
from receiver.decode.stateless.vp9_header import SLOTS, Header, Size


class Vp9Reader:
    """One stream's."""

    settings: tuple[Control, ...] = ()

    def __init__(self) -> None:
        self._unit = 0
        self._meaning = NOTHING_SAID
        self._slots: list[int] = [0] * SLOTS
        """Numbers of the pictures that are kept."""
        self._sizes: list[Size | None] = [None] * SLOTS
        self._layout: Layout | None = None
        self._filters, self._segments = abi.LoopFilter(), abi.Segmentation()

    def read(self, data: bytes) -> list[Plan]:
        return [self._plan(frame) for frame in frames(data)]

    def _plan(self, data: bytes) -> Plan:
        found = vp9_header.read(data, self._sizes, self._filters, self._segments)
        said = found.control
        self._unit += 1
        if found.shows is not None:
            if self._layout is None or self._sizes[found.shows] is None:
                raise DecodeError("a VP9 frame shows a picture that never came")
            return Plan(self._unit, self._layout, (), (self._slots[found.shows],), frozenset(self._slots))
        self._meaning = found.meaning or self._meaning
        times = [self._slots[slot] * NS for slot in found.slots]
        if not found.intra:
            said.last_frame_ts, said.golden_frame_ts, said.alt_frame_ts = times
        begin, end = said.uncompressed_header_size, said.uncompressed_header_size + said.compressed_header_size
        if end > len(data):
            raise DecodeError("a VP9 frame ends within its headers")
        changes = vp9_changes.read(data[begin:end], said, vp9_header.lossless(said), found.intra)
        self._layout = layout = self._lay_out(found)
        for slot in range(SLOTS):
            if found.refreshed >> slot & 1:
                self._slots[slot], self._sizes[slot] = self._unit, layout.size
        parts = (Part(data, ((abi.FRAME, said), (abi.CHANGES, changes))),)
        shows = (self._unit,) if said.flags & abi.SHOWN else ()
        return Plan(self._unit, layout, parts, shows, frozenset(self._slots))

    def _lay_out(self, found: Header) -> Layout:
        """Raises Unfit where pictures of several sizes would have to be kept."""
        said = found.control
        size = said.frame_width_minus_1 + 1, said.frame_height_minus_1 + 1
        if not found.intra and any(self._sizes[slot] != size for slot in found.slots):
            raise Unfit("VP9 that is predicted from pictures of another size")
        return Layout(size, (0, 0, *size), SLOTS, self._meaning)


def frames(data: bytes) -> list[bytes]:
    """Those of a superframe (annex B of the specification), or the one that it is. Raises DecodeError."""
    if not data:
        raise DecodeError("an empty VP9 frame")
    last = data[-1]
    count, width = (last & 7) + 1, (last >> 3 & 3) + 1
    index = 2 + count * width
    if last & 0xE0 != 0xC0 or len(data) < index or data[-index] != last:
        return [data]
    found, begin = [], 0
    for at in range(len(data) - index + 1, len(data) - 1, width):
        size = int.from_bytes(data[at : at + width], "little")
        if size:
            found.append(data[begin : begin + size])
        begin += size
    if begin > len(data) - index:
        raise DecodeError("a VP9 superframe ends within its frames")
    return found
