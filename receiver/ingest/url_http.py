"""HTTP for the demuxer: every request, redirect, playlist and segment goes through the policy (RFC 9110)."""

import base64
import contextlib
import http.client
import io
from dataclasses import replace
from urllib.parse import urljoin

from receiver.ingest.url import Target, parse
from receiver.ingest.url_connect import TIMEOUT_S, Resolve, Unreachable, connect, resolve
from receiver.ingest.url_policy import Policy

SCHEMES = ("http", "https")
MAX_REDIRECTS = 5
SKIP = 256 * 1024
"""Bytes; a seek ahead by less reads on, for a new request costs a round trip or more."""
RETRIES = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_MEANING = {
    401: "asks for a name and a password: put them in the address, as in https://name:password@host/",
    403: "refuses to give it",
    404: "has nothing at that address",
    410: "no longer has it",
    429: "is asked for too much; try again later",
}


class Http:
    """Opens URLs for one cast, whose credentials go only to the host that they were given for."""

    def __init__(self, target: Target, policy: Policy, resolver: Resolve = resolve) -> None:
        self._policy = policy
        self._resolver = resolver
        self._for = (target.host, target.port)
        self._credentials = (target.username, target.password)

    def open(self, url: str) -> "HttpFile":
        """The URL as a file. Raises UrlRefused, UrlForbidden, Unreachable."""
        return HttpFile(self, self._with_credentials(parse(url, SCHEMES)))

    def get(self, target: Target, offset: int) -> tuple[http.client.HTTPResponse, Target]:
        """The answer's body from ``offset`` on, and where it came from after redirects."""
        for _ in range(MAX_REDIRECTS + 1):
            response = self._request(target, offset)
            if response.status not in _REDIRECTS:
                return response, target
            response.close()
            location = response.getheader("Location") or ""
            target = self._with_credentials(parse(urljoin(target.url, location), SCHEMES))
        raise Unreachable(f"{target.host} sends us on and on, more than {MAX_REDIRECTS} times. Use the final address.")

    def _with_credentials(self, target: Target) -> Target:
        if target.username or (target.host, target.port) != self._for:
            return target
        return replace(target, username=self._credentials[0], password=self._credentials[1])

    def _request(self, target: Target, offset: int) -> http.client.HTTPResponse:
        sock = connect(target, self._policy, self._resolver)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = sock
        headers = {
            "Host": target.authority,
            "User-Agent": "ddp-receiver",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Range": f"bytes={offset}-",
            "Connection": "close",
        }
        if target.username:
            pair = f"{target.username}:{target.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        try:
            connection.request("GET", target.path, headers=headers)
            return connection.getresponse()
        except TimeoutError:
            connection.close()
            raise Unreachable(f"{target.host} did not answer within {TIMEOUT_S:.0f} s. Try again later.") from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(f"{target.host} did not answer as a web server does ({type(error).__name__}).") from None


class HttpFile(io.RawIOBase):
    """A body that can be read, and sought where the server gives ranges. Its errors are PeerErrors."""

    def __init__(self, http_: Http, target: Target) -> None:
        super().__init__()
        self._http = http_
        self.target = target
        self._wanted = self._at = 0
        self._body = self._begin(0)
        self._size = self._total()

    def _begin(self, offset: int) -> http.client.HTTPResponse:
        response, self.target = self._http.get(self.target, offset)
        if response.status == 206 or (response.status == 200 and offset == 0):
            self._at = offset
            return response
        response.close()
        meaning = _MEANING.get(response.status, "had a fault of its own" if response.status >= 500 else "refused")
        raise Unreachable(f"{self.target.host} {meaning} (HTTP status {response.status}).")

    def _total(self) -> int | None:
        """The whole length in bytes where ranges of it can be had, from ``bytes 0-99/100``."""
        total = (self._body.getheader("Content-Range") or "").rpartition("/")[2]
        return (
            int(total) if self._body.status == 206 and total.isascii() and total.isdigit() and len(total) < 19 else None
        )

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._size is not None

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, as soon as there are any; empty at the end."""
        for attempt in range(RETRIES):
            try:
                self._go()
                data = self._body.read1(size)
            except (OSError, http.client.HTTPException) as error:
                data = b""
                failure = type(error).__name__
            else:
                failure = ""
            self._at += len(data)
            self._wanted = self._at
            if data or self._ended(failure):
                return data
            if self._size is None or attempt == RETRIES - 1:
                break
            self._body.close()
            self._body = self._begin(self._wanted)
        raise Unreachable(f"The connection to {self.target.host} was lost in mid-stream.")

    def _ended(self, failure: str) -> bool:
        return not failure and (self._size is None or self._at >= self._size)

    def _go(self) -> None:
        if self._size is not None and self._wanted >= self._size:
            self._at = self._wanted
            return
        while 0 < self._wanted - self._at <= SKIP:
            skipped = self._body.read1(self._wanted - self._at)
            if not skipped:
                break
            self._at += len(skipped)
        if self._wanted != self._at:
            self._body.close()
            self._body = self._begin(self._wanted)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Only notes the place; the next read goes there."""
        if self._size is None:
            raise io.UnsupportedOperation("this server gives no ranges")
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._wanted, io.SEEK_END: self._size}[whence]
        self._wanted = max(0, base + offset)
        return self._wanted

    def tell(self) -> int:
        return self._wanted

    def close(self) -> None:
        if not self.closed:
            with contextlib.suppress(OSError):
                self._body.close()
        super().close()
