"""Parameter sets of H.264 and H.265, remembered for keyframes that come without them. Pure."""

from receiver.ingest.access_unit import DepacketizeError

MAX_PARAMETER_SETS = 32
MAX_PARAMETER_SET_BYTES = 4096
"""Drop rule: a parameter set past these bounds makes the frame an error."""


class ParameterSets:
    """The newest set of each kind and id. ``kinds``: NAL unit types, in the order in which a decoder needs them."""

    def __init__(self, codec: str, kinds: tuple[int, ...]) -> None:
        self._codec = codec
        self.kinds = kinds
        self._sets: dict[tuple[int, bytes], bytes] = {}

    def remember(self, kind: int, number: bytes, unit: bytes) -> None:
        """``number``: anything that tells the sets of a kind apart. Raises DepacketizeError."""
        if len(unit) > MAX_PARAMETER_SET_BYTES:
            raise DepacketizeError(
                f"an {self._codec} parameter set of {len(unit)} bytes; at most {MAX_PARAMETER_SET_BYTES}"
            )
        key = (kind, number)
        if key not in self._sets and len(self._sets) >= MAX_PARAMETER_SETS:
            raise DepacketizeError(f"more than {MAX_PARAMETER_SETS} {self._codec} parameter sets")
        self._sets[key] = unit

    @property
    def complete(self) -> bool:
        """Whether there is one of each kind."""
        return {kind for kind, _ in self._sets} == set(self.kinds)

    def in_order(self) -> list[bytes]:
        return [self._sets[key] for key in sorted(self._sets, key=lambda key: (self.kinds.index(key[0]), key[1]))]


def ue_prefix(data: bytes) -> bytes:
    """The bits of one Exp-Golomb code (ITU-T H.264 section 9.1) at the start of ``data``, as text of 0 and 1."""
    bits = "".join(f"{byte:08b}" for byte in data)
    zeros = len(bits) - len(bits.lstrip("0"))
    return bits[: 2 * zeros + 1].encode()
