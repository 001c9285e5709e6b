"""Stream keys: what a WHIP tool shows in place of a pairing (DDP.md section 14), kept as hashes.

A key is 16 random bytes, so it can't be guessed and needs no slow hash: SHA-256 of it is what the file holds. It gives
the scope ``cast`` and nothing else, to whoever has it.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Annotated

import msgspec

from receiver.errors import PeerError
from receiver.trust.encoding import b64encode
from receiver.trust.rows import load_rows, save_rows

NAME = "stream_keys.json"
PREFIX = "ddp_"
"""So that people, and scanners for leaked secrets, see what it is."""
SECRET_BYTES = 16
MAX_KEYS = 32
MAX_KEYS_PER_DEVICE = 4
DAY_S = 86_400
NOTE_EVERY_S = 60


class TooManyKeys(PeerError):
    """There is no room for another key; says which to revoke."""


class StreamKey(msgspec.Struct, frozen=True):
    """``hash``: SHA-256 of the key's text, in hex. ``device``: the thumbprint of the device that asked for it; empty
    for one made at the display. Times in seconds of wall time; ``used``: when it opened a stream last, 0 for never."""

    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    device: Annotated[str, msgspec.Meta(max_length=43)]
    made: int
    expires: int
    used: int = 0

    @property
    def id(self) -> str:
        """What people call it by."""
        return self.hash[:8]


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class StreamKeys:
    """The keys in ``state``. A damaged file is set aside, said in the log, and the list starts empty."""

    def __init__(self, state: Path) -> None:
        self._path = state / NAME
        known = load_rows(self._path, list[StreamKey], "tools need new keys")[-MAX_KEYS:]
        self._keys = {key.id: key for key in known}

    def all(self, now_s: int) -> list[StreamKey]:
        """Every key that is good, the oldest first."""
        self._keys = {key.id: key for key in self._keys.values() if key.expires > now_s}
        return sorted(self._keys.values(), key=lambda key: key.made)

    def make(self, name: str, device: str, days: int, now_s: int) -> tuple[str, StreamKey]:
        """A new key's text, which nobody can be told again, and its entry. Raises TooManyKeys, StateError."""
        present = self.all(now_s)
        if device and sum(key.device == device for key in present) >= MAX_KEYS_PER_DEVICE:
            raise TooManyKeys(
                f"This device has {MAX_KEYS_PER_DEVICE} stream keys, which is the most. Revoke one first."
            )
        if len(present) >= MAX_KEYS:
            raise TooManyKeys(f"This display has {MAX_KEYS} stream keys, which is the most. Revoke one first.")
        while True:
            text = PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES))
            key = StreamKey(hash_of(text), name, device, now_s, now_s + days * DAY_S)
            if key.id not in self._keys:
                break
        self._keys[key.id] = key
        self._save()
        return text, key

    def find(self, text: str, now_s: int) -> StreamKey | None:
        """The good key of that text. Every key is compared, each in constant time."""
        presented, found = hash_of(text), None
        for key in self.all(now_s):
            if hmac.compare_digest(key.hash, presented):
                found = key
        return found

    def get(self, key_id: str) -> StreamKey | None:
        """The key of that id, whether or not it is good still."""
        return self._keys.get(key_id)

    def note_use(self, key: StreamKey, now_s: int) -> None:
        """The key opens a stream. Raises StateError."""
        known = self._keys.get(key.id)
        if known is not None and now_s - known.used >= NOTE_EVERY_S:
            self._keys[key.id] = msgspec.structs.replace(known, used=now_s)
            self._save()

    def revoke(self, key_id: str) -> bool:
        """Remove a key; False where there is none. Raises StateError."""
        if self._keys.pop(key_id, None) is None:
            return False
        self._save()
        return True

    def _save(self) -> None:
        save_rows(self._path, list(self._keys.values()))
