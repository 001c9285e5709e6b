"""A native client's HTTP side: docs/DDP.md section 13, over a session that a ``DdpClient`` has."""

import asyncio
import hashlib
import hmac
import json
import secrets
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import Any

import jwt

from receiver.trust.encoding import b64decode, b64encode, lv
from tests.peers.ddp_client import DdpClient


@dataclass
class Reply:
    """``signed``: whether the answer proves that it is the display's, to this request."""

    status: int
    headers: HTTPMessage
    raw: bytes
    signed: bool

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> tuple[int, int]:
        """HTTP's status and ours."""
        return self.status, self.json["error"]["code"]


@dataclass
class NativeClient:
    """Asks as ``client`` at ``base``, an origin. Tests set ``nonce``, ``jti`` or ``iat`` to repeat or to shift them."""

    client: DdpClient
    base: str
    tls: ssl.SSLContext | None = None
    nonce: bytes | None = None
    jti: str | None = None
    late_s: float = 0
    extra: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, target: str, body: bytes | None = None, headers: Any = None) -> Reply:
        made = self.make(method, target, body or b"") | (headers or {})
        return await asyncio.to_thread(self.send, method, target, body, made)

    def make(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """The headers of a request."""
        client = self.client
        assert client.keys is not None
        nonce = self.nonce or secrets.token_bytes(16)
        key = client.keys.key("auth c2s", client.jti)
        text = lv(method, target, client.session, nonce, hashlib.sha256(body).digest())
        claims = {
            "jti": self.jti or secrets.token_hex(8),
            "htm": method,
            "htu": self.base + target.partition("?")[0],
            "iat": int(time.time() - self.late_s),
            "ath": b64encode(hashlib.sha256(client.token.encode()).digest()),
        }
        header = {"typ": "dpop+jwt", "jwk": client.identity.public.jwk}
        return {
            "X-Session-ID": b64encode(client.session),
            "X-Nonce": b64encode(nonce),
            "X-Auth": b64encode(hmac.digest(key, text, "sha256")),
            "Authorization": f"DPoP {client.token}",
            "DPoP": jwt.encode(claims, client.identity.key, "ES256", headers=header),
            **({"Content-Type": "application/json"} if body else {}),
            **self.extra,
        }

    def send(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        request = urllib.request.Request(self.base + target, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10, context=self.tls) as answer:
                status, received, raw = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, received, raw = error.code, error.headers, error.read()
        return Reply(status, received, raw, self._is_signed(status, received, raw, headers))

    def _is_signed(self, status: int, headers: HTTPMessage, raw: bytes, asked: dict[str, str]) -> bool:
        client = self.client
        assert client.keys is not None
        if headers["X-Auth"] is None:
            return False
        nonces = b64decode(asked["X-Nonce"], 16, "X-Nonce"), b64decode(headers["X-Nonce"], 16, "X-Nonce")
        text = lv(str(status), client.session, *nonces, hashlib.sha256(raw).digest())
        mac = hmac.digest(client.keys.key("auth s2c", client.jti), text, "sha256")
        assert headers["X-Session-ID"] == b64encode(client.session)
        return hmac.compare_digest(mac, b64decode(headers["X-Auth"], 32, "X-Auth"))
