"""The way to RTSP and RTMP servers: FFmpeg's own client speaks to us, and we to the one address that was judged.

FFmpeg opens its own sockets for these, and would follow an RTSP server's redirect anywhere. So the connection is made
here, with TLS and its proof where the URL asks for it, and FFmpeg is given a port of ours that leads only there.
"""

import contextlib
import logging
import re
import socket

from receiver.errors import PeerError
from receiver.ingest.url import UrlRefused
from receiver.ingest.url_connect import TIMEOUT_S, Unreachable
from receiver.threads import NamedThread

CHUNK = 64 * 1024
_LOCATION = b"location:"
_PLAY = re.compile(rb"(^|\n)PLAY ")

log = logging.getLogger(__name__)


class RtspGuard:
    """Refuses redirects, without a parser that could disagree with FFmpeg's. Pure.

    FFmpeg follows a Location header until it has sent PLAY, and ignores CR: until then the word in any place is one.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._playing = False

    def sent(self, data: bytes) -> None:
        """What FFmpeg sends; one request at a time."""
        self._playing = self._playing or _PLAY.search(data) is not None

    def received(self, data: bytes) -> None:
        """What the server sends. Raises UrlRefused."""
        if self._playing:
            return
        text = self._tail + data.replace(b"\r", b"").lower()
        if _LOCATION in text:
            raise UrlRefused("The RTSP server sends us to another address. Cast that address itself.")
        self._tail = text[-len(_LOCATION) :]


class Relay:
    """Carries one connection. ``failure`` says why it ended, where it did not end by itself."""

    def __init__(self, upstream: socket.socket, host: str, guard: RtspGuard | None = None) -> None:
        self.failure: PeerError | None = None
        self._host = host
        self._guard = guard
        self._upstream = upstream
        self._upstream.settimeout(TIMEOUT_S)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.settimeout(TIMEOUT_S)
        self.port: int = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        NamedThread("url-relay", self._run).start()

    def _run(self) -> None:
        try:
            with self._listener:
                self._client, _ = self._listener.accept()
            NamedThread("url-relay-out", self._out, (self._client,)).start()
            self._in(self._client)
        except PeerError as error:
            self.failure = error
        except TimeoutError:
            self.failure = Unreachable(f"{self._host} sent nothing for {TIMEOUT_S:.0f} s. Check that it still streams.")
        except OSError as error:
            log.debug("a relay ended: %s", error)
        finally:
            self.close()

    def _in(self, client: socket.socket) -> None:
        while data := self._upstream.recv(CHUNK):
            if self._guard is not None:
                self._guard.received(data)
            client.sendall(data)

    def _out(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(CHUNK):
                if self._guard is not None:
                    self._guard.sent(data)
                self._upstream.sendall(data)
        self.close()

    def close(self) -> None:
        """End the connection on both sides."""
        for sock in (self._listener, self._upstream, self._client):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
