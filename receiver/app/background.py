"""Work that is begun without being waited for."""

import asyncio
from collections.abc import Coroutine


class Background:
    """Holds on to its tasks, of which the event loop keeps weak references alone."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Do ``work`` as well."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Leave undone what is not done yet."""
        for task in tuple(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """``cancel``, and wait for what that takes."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
