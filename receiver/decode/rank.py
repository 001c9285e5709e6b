"""Which decoder for which codec, and which codecs to offer first. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from receiver.media import Codec

SOFTWARE_ORDER: tuple[Codec, ...] = ("VP8", "H264", "VP9", "AV1", "H265")
"""By what a CPU pays for a picture at the same quality, cheapest first."""

HARDWARE_ORDER: tuple[Codec, ...] = ("H264", "VP8", "H265", "VP9", "AV1")
"""By how well senders' encoders and boards' decoders are known to get along."""


class Proven(Protocol):
    """The part of a proof that ranking looks at."""

    @property
    def codec(self) -> Codec: ...

    @property
    def hardware(self) -> bool: ...

    @property
    def ok(self) -> bool: ...


P = TypeVar("P", bound=Proven)


def best(proofs: Iterable[P]) -> dict[Codec, P]:
    """For each codec the decoder to use: the first of the given ones that was proven."""
    chosen: dict[Codec, P] = {}
    for proof in proofs:
        if proof.ok:
            chosen.setdefault(proof.codec, proof)
    return chosen


def order(proofs: Iterable[Proven]) -> tuple[Codec, ...]:
    """Codecs to offer, best first: what hardware decodes, then what the CPU decodes cheaply."""
    chosen = best(proofs)

    def key(codec: Codec) -> tuple[bool, int]:
        hardware = chosen[codec].hardware
        return not hardware, (HARDWARE_ORDER if hardware else SOFTWARE_ORDER).index(codec)

    return tuple(sorted(chosen, key=key))
