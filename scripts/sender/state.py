"""What this sender keeps between runs: its identity key, and the displays that it has paired with."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from receiver.trust.files import StateError, read_private, write_private
from receiver.trust.identity import Identity
from receiver.trust.identity_file import to_pem
from scripts.sender.errors import SenderError

Name = Annotated[str, msgspec.Meta(max_length=256)]


class Known(msgspec.Struct, frozen=True):
    """A display that we have paired with. ``fingerprint``: of its identity key, base64url."""

    name: Name
    fingerprint: Name


def default_folder() -> Path:
    """``$XDG_STATE_HOME/ddp-sender``."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ddp-sender"


class State:
    """The files in ``folder``, each 0600 and written whole."""

    def __init__(self, folder: Path) -> None:
        self._identity = folder / "identity.pem"
        self._displays = folder / "displays.json"

    def identity(self) -> Identity:
        """Our key, made at the first use. Raises SenderError.

        A damaged file is not replaced: displays know us by this key, so a person must decide.
        """
        pem = _read(self._identity)
        if pem is None:
            identity = Identity.generate()
            _write(self._identity, to_pem(identity.key))
            return identity
        try:
            key = load_pem_private_key(pem, password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError("it is not an elliptic-curve key")
            return Identity(key)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SenderError(f"{self._identity} is damaged ({error}). Delete it, and pair again.") from error

    def known(self) -> dict[str, Known]:
        """By display id. Raises SenderError."""
        data = _read(self._displays)
        try:
            return msgspec.json.decode(data, type=dict[str, Known]) if data else {}
        except msgspec.DecodeError as error:
            raise SenderError(f"{self._displays} is damaged ({error}). Delete it, and pair again.") from error

    def pin(self, display_id: str, known: Known) -> None:
        """Remember a display, in place of what was known of it."""
        _write(self._displays, msgspec.json.format(msgspec.json.encode(self.known() | {display_id: known})))


def _read(path: Path) -> bytes | None:
    try:
        return read_private(path)
    except StateError as error:
        raise SenderError(f"{path} can't be read ({error.__cause__}).") from error


def _write(path: Path, data: bytes) -> None:
    try:
        write_private(path, data)
    except StateError as error:
        raise SenderError(f"{path} can't be written ({error.__cause__}).") from error
