"""What one process decodes with: the backends that were proven, less those that broke since.

One that broke is proven once more: a device that passes is in order, and it was the stream that it could not stand. So
a sender can take a device away from its own stream alone, with a picture as large as none is, say.
"""

import threading
from collections.abc import Callable, Iterable, Mapping

from receiver.decode.api import Backend
from receiver.decode.backends import BACKENDS
from receiver.decode.failover import Failover
from receiver.decode.probe import Proof, prove
from receiver.media import Codec


class Decoders:
    """Opens a decoder for each stream. What is broken is not tried again while this process runs."""

    def __init__(self, proofs: Iterable[Proof], backends: Mapping[str, Backend] = BACKENDS) -> None:
        self._lock = threading.Lock()
        self._proven: dict[Codec, list[Backend]] = {}
        for proof in proofs:
            if proof.ok:
                self._proven.setdefault(proof.codec, []).append(backends[proof.backend])

    def open(self, codec: Codec, told: Callable[[str], None]) -> Failover:
        """A decoder; ``told`` gets a sentence when another backend takes over. Raises BackendUnavailable."""
        with self._lock:
            backends = list(self._proven.get(codec, ()))

        def broke(backend: Backend, hangs: bool) -> None:
            if not hangs and prove(codec, backend).ok:
                return
            with self._lock:
                left = self._proven[codec]
                if backend in left and len(left) > 1:
                    left.remove(backend)

        return Failover(codec, backends, told, broke)
