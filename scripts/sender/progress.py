"""The one line that tells how a cast goes: rewritten in place on a terminal, else a line now and then."""

import sys
from typing import TextIO

from scripts.sender.casting import Progress

EVERY = 5
"""Without a terminal, one line of so many is printed."""


def words(progress: Progress) -> str:
    """One line for people."""
    if progress.state != "live" and not progress.display:
        return f"{progress.state} …"
    width, height = progress.size
    parts = [f"{width}×{height}", f"{progress.fps:.0f} fps", f"{progress.kbps / 1000:.1f} Mbit/s"]
    parts.append("RTT –" if progress.rtt_ms is None else f"RTT {progress.rtt_ms:.0f} ms")
    if progress.display:
        parts.append(_shown(progress.display))
    if progress.state != "live":
        parts.insert(0, progress.state)
    return " · ".join(parts)


def _shown(stats: dict[str, object]) -> str:
    numbers = {key: value for key, value in stats.items() if isinstance(value, int | float)}
    dropped = stats.get("dropped")
    drops = sum(value for value in dropped.values() if isinstance(value, int)) if isinstance(dropped, dict) else 0
    text = f"display: {numbers.get('width', 0)}×{numbers.get('height', 0)} {numbers.get('fps', 0):.0f} fps"
    if "transit_ms" in numbers:
        text += f", {numbers['transit_ms']:.0f} ms"
    return f"{text}, {drops} dropped"


class Line:
    """Where progress is written."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._told = 0
        self._open = False

    def tell(self, progress: Progress) -> None:
        """How a cast of our own goes."""
        self.write(words(progress))

    def write(self, text: str) -> None:
        """The newest line."""
        if self._stream.isatty():
            print(f"\r\033[K{text}", end="", file=self._stream, flush=True)
            self._open = True
        elif self._told % EVERY == 0:
            print(text, file=self._stream, flush=True)
        self._told += 1

    def end(self) -> None:
        """Leave the last line as it stands."""
        if self._open:
            print(file=self._stream)
            self._open = False
