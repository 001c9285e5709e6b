"""Files that hold secrets: written whole or not at all, and readable by their owner alone."""

import logging
import os
import stat
import tempfile
from pathlib import Path

from receiver.errors import ReceiverError

log = logging.getLogger(__name__)


class StateError(ReceiverError):
    """The state directory can't be used; says which file and what to do."""


def write_private(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``, mode 0600, so that a power cut leaves the old or the new. Raises StateError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise StateError(
            f"{path} can't be written ({error.strerror}). Give the receiver's user write access to {path.parent}, "
            "and see that the disk is not full or read-only"
        ) from error


def read_private(path: Path) -> bytes | None:
    """The file's bytes, or None where there is none. Raises StateError.

    A mode that lets others read is mended and said in the log; to refuse would leave the TV dark over what can't be
    undone by that, and where it can't be mended the file is refused.
    """
    try:
        data = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(0o600)
            log.warning(
                "%s had mode %04o, so other users of this machine could read it; now it is 0600. If one of them may "
                "have, delete it and start again: a new one is made",
                path,
                mode,
            )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(
            f"{path} can't be read ({error.strerror}). Give it to the receiver's user with mode 0600"
        ) from error
    return data


def set_aside(path: Path) -> Path:
    """Move a damaged file out of the way, over any set aside before, and return its new name."""
    aside = path.with_name(path.name + ".damaged")
    try:
        path.replace(aside)
    except OSError as error:
        raise StateError(f"{path} is damaged and can't be moved to {aside.name} ({error.strerror})") from error
    return aside
