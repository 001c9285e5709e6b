"""Peers that hang up amid an answer, or go on after TLS was closed. It is their fault, and would otherwise fill the log
with fifty lines for each connection."""

import asyncio
import logging
import ssl
from typing import Any

GONE = (ConnectionError, ssl.SSLError)
"""What sending to such a peer, or closing its connection, raises."""

log = logging.getLogger(__name__)


def overlook(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop's callbacks and tasks die of it in silence; all else is told as before."""
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(error := context.get("exception"), GONE):
            log.debug("a peer is gone: %s", error)
        elif before is None:
            loop.default_exception_handler(context)
        else:
            before(loop, context)

    loop.set_exception_handler(handle)
