"""Runs the ASGI application on Hypercorn, over HTTP/1.1 and HTTP/2, with TLS and without."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from pathlib import Path

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from starlette.types import ASGIApp

from receiver.ddp.channel import Connections
from receiver.ddp.codes import CloseCode
from receiver.ddp.gone import overlook
from receiver.ddp.hardening import harden
from receiver.ddp.jsonrpc import MAX_MESSAGE
from receiver.ddp.listen import Listener, allow_files

STOP_S = 1.0
"""For peers to take their goodbyes; half as long again for what then hangs to be dropped."""
KEEP_ALIVE_S = 3
TLS_HANDSHAKE_S = 3
MAX_HEADERS = 16 * 1024

log = logging.getLogger(__name__)


class _Config(Config):
    """Hypercorn's settings; keeps the TLS context, so that a renewed certificate can be loaded into it."""

    context: ssl.SSLContext | None = None

    def create_ssl_context(self) -> ssl.SSLContext | None:
        self.context = super().create_ssl_context()
        return self.context


class Server:
    """Serves ``app`` until ``stop``. ``secure`` listeners need ``certificate`` and ``key`` (PEM files)."""

    def __init__(
        self,
        app: ASGIApp,
        connections: Connections,
        *,
        secure: Sequence[Listener] = (),
        plain: Sequence[Listener] = (),
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._app = app
        self._connections = connections
        self._sockets = Sockets(list(secure), list(plain), [])
        self._config = _Config()
        self._config.certfile = str(certificate) if certificate else None
        self._config.keyfile = str(key) if key else None
        self._config.errorlog = log
        self._config.loglevel = "WARNING"
        self._config.include_server_header = False
        self._config.keep_alive_timeout = KEEP_ALIVE_S
        self._config.ssl_handshake_timeout = TLS_HANDSHAKE_S
        self._config.graceful_timeout = STOP_S / 2
        self._config.h11_max_incomplete_size = MAX_HEADERS
        self._config.h2_max_header_list_size = MAX_HEADERS
        self._config.h2_max_concurrent_streams = 32
        self._config.websocket_max_message_size = MAX_MESSAGE
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Serve from now on."""
        harden()
        overlook(asyncio.get_running_loop())
        allow_files()
        app = ASGIWrapper(self._app)  # type: ignore[arg-type]
        serving = worker_serve(app, self._config, sockets=self._sockets, shutdown_trigger=self._stopping.wait)
        self._task = asyncio.create_task(serving)

    def reload_certificate(self) -> None:
        """Use the certificate files as they are now for every new connection."""
        if self._config.context and self._config.certfile:
            self._config.context.load_cert_chain(self._config.certfile, self._config.keyfile)

    async def stop(self) -> None:
        """Close every connection; returns within 1.5 × ``STOP_S`` even where a peer does not answer."""
        if self._task is None:
            return
        self._connections.close_all(CloseCode.GOING_AWAY, "The display is shutting down.")
        self._stopping.set()
        done, _ = await asyncio.wait({self._task}, timeout=STOP_S)
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=STOP_S / 2)
        for listener in (*self._sockets.secure_sockets, *self._sockets.insecure_sockets):
            listener.close()
