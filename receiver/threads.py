"""Threads whose names the system knows, so that ``top -H``, ``perf`` and a core file tell one from another.

Python does so itself from 3.14 on.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_NAME = 15
"""Bytes that Linux keeps."""


class NamedThread(threading.Thread):
    """A daemon: the process may end without it."""

    def __init__(self, name: str, target: Callable[..., None], args: tuple[Any, ...] = ()) -> None:
        super().__init__(name=name, target=target, args=args, daemon=True)

    def run(self) -> None:
        with contextlib.suppress(OSError):  # a sandbox may hide /proc
            Path(f"/proc/self/task/{self.native_id}/comm").write_bytes(self.name.encode()[:MAX_NAME])
        super().run()
