"""Which media section a packet belongs to, where all of them share one transport (RFC 9143 section 9.2). Pure.

Sections may use the same payload types. So what a packet says of itself comes first, its MID, and holds for its source
from then on: senders leave it out once they know that it came. Then come the sources that the offer declares, and then
the payload type, where only one section has it.

A stream has one offer and one answer, so no source moves from one section to another, and the order in which two names
of one source come (RFC 7941 section 4.2.2) is of no concern.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from receiver.ingest.rtp import RtpPacket
from receiver.media import Kind

MAX_BOUND = 64
"""Sources whose section is remembered. Drop rule: the one that was learnt first is forgotten."""


class Sections:
    """``mids`` and ``ssrcs`` are a plan's, ``types`` the payload types of each section that is received. ``dropped``
    counts packets of no such section."""

    def __init__(
        self,
        mids: Mapping[str, Kind],
        ssrcs: Mapping[int, Kind | None],
        types: Mapping[Kind, Collection[int]],
        dropped: Counter[str],
    ) -> None:
        self._named: dict[bytes, Kind] = {mid.encode(): kind for mid, kind in mids.items()}
        self._declared = ssrcs
        self._types = types
        count = Counter(number for numbers in types.values() for number in numbers)
        self._unique = {number: kind for kind, numbers in types.items() for number in numbers if count[number] == 1}
        self._bound: dict[int, Kind | None] = {}
        self._dropped = dropped

    def of(self, packet: RtpPacket) -> Kind | None:
        """The section, which has the packet's payload type; None: it is to be dropped."""
        ssrc, number = packet.ssrc, packet.payload_type
        if packet.mid:
            kind = self._named.get(packet.mid)
            self._bind(ssrc, kind)
        elif ssrc in self._bound:
            kind = self._bound[ssrc]
        elif ssrc in self._declared:
            kind = self._declared[ssrc]
        else:
            kind = self._unique.get(number)
            if kind is None:
                self._dropped["unknown_payload_type"] += 1
            return kind
        if kind is None:
            self._dropped["foreign_section"] += 1
        elif number not in self._types[kind]:
            self._dropped["unknown_payload_type"] += 1
            return None
        return kind

    def _bind(self, ssrc: int, kind: Kind | None) -> None:
        if ssrc not in self._bound and len(self._bound) == MAX_BOUND:
            del self._bound[next(iter(self._bound))]
        self._bound[ssrc] = kind
