"""The receiver's identity on disk, made at the first start."""

import logging
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from receiver.trust.files import StateError, read_private, write_private
from receiver.trust.identity import Identity

NAME = "identity.pem"
log = logging.getLogger(__name__)


def credentials_folder() -> Path | None:
    """Where systemd has put the unit's credentials (systemd.exec(5), LoadCredential=), if it has."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def load_identity(state: Path, credentials: Path | None = None) -> Identity:
    """The identity among systemd's ``credentials``, else the one in ``state``, or a new one. Raises StateError.

    A credential's mode is systemd's affair: its access list for the unit's user shows as rights of the group. A
    damaged file is not replaced: every paired device knows the display by this key, so a person must decide.
    """
    if credentials is not None and (given := credentials / NAME).exists():
        log.info("this display's identity key is the credential %s", NAME)
        return _identity(_read(given), given)
    path = state / NAME
    data = read_private(path)
    if data is None:
        identity = Identity.generate()
        write_private(path, to_pem(identity.key))
        log.info("made this display's identity key in %s, fingerprint %s", path, identity.public.fingerprint)
        return identity
    return _identity(data, path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StateError(
            f"The credential {path} can't be read ({error.strerror}). Look at LoadCredential= in the receiver's unit"
        ) from error


def _identity(data: bytes, path: Path) -> Identity:
    try:
        key = serialization.load_pem_private_key(data, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("it is not an elliptic-curve key")
        return Identity(key)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StateError(
            f"{path} is damaged ({error}). Restore it from a backup; or delete it, and every device must pair again"
        ) from error


def to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted: the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
