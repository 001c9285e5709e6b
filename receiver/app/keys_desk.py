"""Stream keys: made, listed and revoked from the command line, at the console, and by a paired owner."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from receiver.app.audit_desk import Record, unrecorded
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.messages import KeyMake, KeyRevoke, Method, Nothing, read
from receiver.ddp.names import clean_name
from receiver.errors import DdpError, PeerError, ReceiverError
from receiver.link import AdminKeys, AdminKeysReply
from receiver.trust.encoding import b64encode
from receiver.trust.stream_keys import StreamKeys

log = logging.getLogger(__name__)

Row = dict[str, object]


class Person(Protocol):
    """A session, as this desk sees it."""

    @property
    def sender_name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def scopes(self) -> frozenset[str]: ...


class NoSuchKey(PeerError):
    """No key has that id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no stream key {key_id[:16]!r}. It has expired, or was revoked.")


class KeysDesk:
    """``address``: where tools send to. ``certificate``: SHA-256 of the display's HTTPS certificate, as DER."""

    def __init__(self, keys: StreamKeys, wall_s: Callable[[], int]) -> None:
        self._keys = keys
        self._wall_s = wall_s
        self.address: Callable[[], str] = lambda: ""
        self.certificate: Callable[[], bytes] = lambda: b""
        self.record: Record = unrecorded
        self.on_revoked: Callable[[str], object] = lambda key_id: None

    def rows(self) -> list[Row]:
        """Every key that is good, the oldest first; times in seconds of wall time, ``used`` 0 for never."""
        return [
            {"id": key.id, "name": key.name, "made": key.made, "expires": key.expires, "used": key.used}
            for key in self._keys.all(self._wall_s())
        ]

    def make(self, name: str, days: int, who: str = "", device: str = "") -> Row:
        """A new key and what its tool needs beside it. Its text is told only here. Raises PeerError, ReceiverError."""
        certificate = self.certificate()
        secret, key = self._keys.make(clean_name(name), device, days, self._wall_s())
        self.record("stream key made", who, device, name=key.name, key=key.id, days=days)
        return {
            "key": secret,
            "id": key.id,
            "name": key.name,
            "expires": key.expires,
            "address": self.address(),
            "certificate": b64encode(certificate),
        }

    def revoke(self, key_id: str, who: str = "", device: str = "") -> str:
        """End a key, and what it shares at once; what it was called. Raises NoSuchKey, StateError."""
        key = self._keys.get(key_id)
        if key is None:
            raise NoSuchKey(key_id)
        self.record("stream key revoked", who, device, name=key.name, key=key.id)
        try:
            self._keys.revoke(key_id)
        finally:  # even where the disk can't be written, it shares no more
            self.on_revoked(key_id)
        return key.name

    def device_revoked(self, fingerprint: str) -> None:
        """A device lost its access: so do the keys that it has made."""
        for key in self._keys.all(self._wall_s()):
            if key.device == fingerprint:
                try:
                    self.revoke(key.id, device=fingerprint)
                except ReceiverError as error:
                    log.error("the stream key %s is good again after a restart: %s", key.id, error)

    # ---- who asks

    def answer(self, asked: AdminKeys) -> AdminKeysReply:
        """``ddp-receiver keys``: what was asked, done or explained."""
        made: Row = {}
        done = ""
        try:
            if asked.action == "make":
                made = self.make(asked.name, asked.days, "Someone at the display")
            elif asked.action == "revoke":
                done = f"{self.revoke(asked.key, 'Someone at the display')} can't be used any more."
        except DdpError as error:
            return AdminKeysReply([], error=str(error))
        return AdminKeysReply(self.rows(), made, done)

    def at_console(self, action: str, params: dict[str, Any]) -> Row:
        """``/console/keys``: the keys after ``action``, and the one that was made. Raises PeerError, StateError."""
        answer: Row = {}
        match action:
            case "make":
                asked = read(params, KeyMake)
                answer["made"] = self.make(asked.name, asked.days, "Someone at the display")
            case "revoke":
                self.revoke(read(params, KeyRevoke).id, "Someone at the display")
            case "list":
                read(params, Nothing)
            case _:
                raise Refusal(ErrorCode.METHOD_NOT_FOUND, "Keys can be listed, made and revoked.")
        return {"keys": self.rows(), "address": self.address(), **answer}

    def methods(self, person: Person) -> dict[str, Method]:
        """``keys.*`` for one session; each needs the scope admin."""

        def admin(do: Callable[[dict[str, Any]], object]) -> Method:
            async def method(params: dict[str, Any]) -> object:
                if "admin" not in person.scopes:
                    raise Refusal(ErrorCode.FORBIDDEN, "Stream keys are for the display's owner to make and revoke.")
                return do(params)

            return method

        def listed(params: dict[str, Any]) -> object:
            read(params, Nothing)
            return {"keys": self.rows(), "address": self.address()}

        def make(params: dict[str, Any]) -> object:
            asked = read(params, KeyMake)
            return self.make(asked.name, asked.days, person.sender_name, person.fingerprint)

        def revoke(params: dict[str, Any]) -> object:
            self.revoke(read(params, KeyRevoke).id, person.sender_name, person.fingerprint)
            return {}

        return {"keys.list": admin(listed), "keys.make": admin(make), "keys.revoke": admin(revoke)}
