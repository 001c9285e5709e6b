"""Which decoder for which codec, and which codecs to offer first. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from receiver.media import Codec

SOFTWARE_ORDER: tuple[Codec, ...] = ("VP8", "H264", "VP9", "AV1", "H265")
"""By what a CPU pays for a picture at the same quality, cheapest first."""

HARDWARE_ORDER: tuple[Codec, ...] = ("H264", "VP8", "H265", "VP9", "AV1")
"""By how well senders' encoders and boards' decoders are known to get along."""

HEAVY: tuple[Codec, ...] = ("AV1", "H265")
"""What costs a CPU two to three times as much as VP8."""

X86 = ("x86_64", "amd64", "AMD64")


def too_weak(codec: Codec, cores: int, machine: str) -> str:
    """Why such a CPU should not be asked to decode this; empty: it may be. ``machine`` is what ``uname -m`` says.

    By what kind of CPU it is, not by a stop-watch: a display must not offer other codecs from one start to the next.
    """
    if codec not in HEAVY or cores >= 4 or (cores >= 2 and machine in X86):
        return ""
    return f"a CPU with {cores} {'core' if cores == 1 else 'cores'} ({machine}) is too slow for {codec}"


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
