"""The guest's side of machine.py: what it may ask of the machine that it runs on."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

PATIENCE_S = 30.0
POLL_S = 0.02


class Host:
    """Asks through the shared folder ``out``."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._count = 0

    def ask(self, command: str, **arguments: Any) -> Any:
        """A QMP command; what it returns."""
        self._count += 1
        name = f"{self._count:04}.json"
        draft = self.out / f".{name}"
        draft.write_text(json.dumps({"execute": command, "arguments": arguments}))
        answer = self.out / f"answer-{name}"
        answer.unlink(missing_ok=True)  # of the boot before this one
        draft.rename(self.out / f"ask-{name}")
        until = time.monotonic() + PATIENCE_S
        while not answer.exists():
            assert time.monotonic() < until, f"the host did not answer {command}"
            time.sleep(POLL_S)
        answered = json.loads(answer.read_text())
        assert "return" in answered, f"{command}: {answered}"
        return answered["return"]

    def screen(self, device: str, keep: str) -> np.ndarray:
        """RGB of what the screen on that card shows, seen from outside; left in ``out`` as ``keep``.ppm."""
        path = self.out / f"{keep}.ppm"
        self.ask("screendump", filename=path.name, device=device)
        return read_ppm(path)


def read_ppm(path: Path) -> np.ndarray:
    """RGB."""
    magic, size, depth, pixels = path.read_bytes().split(b"\n", 3)
    assert (magic, depth) == (b"P6", b"255")
    width, height = map(int, size.split())
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
