"""Boards as data: board/NAME/profile.toml, checked, and which of them this machine is.

A profile is a hint, never a promise: it orders what is tried, and the probe has the last word (``overruled``).
Everything but ``load`` and ``this`` works on values and text alone.
"""

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol, cast

from receiver.config.key import NAME, Bound, Key, key, keys_of
from receiver.config.reader import read
from receiver.errors import ConfigError
from receiver.media import Codec

BACKENDS = ("cuda", "vaapi", "v4l2request", "v4l2stateless", "v4l2m2m", "qsv", "software")
"""What a profile may name: the names of decode/'s backends."""

TEXTS = Bound("a list of texts", lambda items: all(isinstance(item, str) and item for item in items))
WAYS = Bound(
    f"a list of some of {', '.join(BACKENDS)}, each once and best first",
    lambda items: 0 < len(items) == len({*items}) and all(item in BACKENDS for item in items),
)


@dataclass(frozen=True, slots=True)
class About:
    name: str = key("", "What people call the board.", bound=NAME)
    note: str = key("", "What is peculiar about it, in a sentence.", bound=Bound("a text"))


@dataclass(frozen=True, slots=True)
class Match:
    compatible: tuple[str, ...] = key((), "Device tree `compatible` strings that are this board.", bound=TEXTS)
    dmi: tuple[str, ...] = key((), "DMI vendor and product, with * as in shell patterns.", bound=TEXTS)
    machine: tuple[str, ...] = key((), "`uname -m` of boards that nothing else matches.", bound=TEXTS)


@dataclass(frozen=True, slots=True)
class Decode:
    """One list a codec: the backends to try, best first. A codec left out is tried with all."""

    VP8: tuple[str, ...] = key((), "Ways to decode VP8.", bound=WAYS)
    VP9: tuple[str, ...] = key((), "Ways to decode VP9.", bound=WAYS)
    H264: tuple[str, ...] = key((), "Ways to decode H.264.", bound=WAYS)
    H265: tuple[str, ...] = key((), "Ways to decode H.265 (HEVC).", bound=WAYS)
    AV1: tuple[str, ...] = key((), "Ways to decode AV1.", bound=WAYS)


SECTIONS: dict[str, type] = {"board": About, "match": Match, "decode": Decode}
KEYS: dict[str, Key] = {key.name: key for section, cls in SECTIONS.items() for key in keys_of(section, cls)}


@dataclass(frozen=True, slots=True)
class Profile:
    """One board. ``id`` is its folder's name."""

    id: str
    board: About
    match: Match
    decode: Decode

    def ways(self) -> Mapping[Codec, Sequence[str]]:
        """For each codec that the profile speaks of, the backends to try, best first."""
        found = {name: getattr(self.decode, name) for name in Decode.__dataclass_fields__}
        return {cast(Codec, name): ways for name, ways in found.items() if ways}


@dataclass(frozen=True, slots=True)
class Signs:
    """What a machine says of itself: ``compatible``, most specific first (Devicetree Specification 2.3.1); ``dmi``:
    vendor and product name with a space between; ``machine`` as ``uname -m``."""

    compatible: tuple[str, ...]
    dmi: str
    machine: str


def parse(text: str, file: str, name: str) -> Profile:
    """The checked profile of a board's TOML. Raises ConfigError, which names file, line, key and bound."""
    values = read(text, file, list(SECTIONS), KEYS)
    parts: dict[str, Any] = {section: cls(**values[section]) for section, cls in SECTIONS.items()}
    if not parts["board"].name:
        raise ConfigError(f"{file}: board.name must be {NAME.phrase}; it is missing")
    match = parts["match"]
    if not (match.compatible or match.dmi or match.machine):
        raise ConfigError(f"{file}: [match] must have compatible, dmi or machine, or no machine is ever this board")
    return Profile(name, **parts)


def detect(profiles: Sequence[Profile], signs: Signs) -> Profile | None:
    """Which board the signs are those of: by device tree, else by DMI, else by its kind of processor."""
    for compatible in signs.compatible:
        for profile in profiles:
            if compatible in profile.match.compatible:
                return profile
    for profile in profiles:
        if signs.dmi and any(fnmatchcase(signs.dmi, pattern) for pattern in profile.match.dmi):
            return profile
    return next((profile for profile in profiles if signs.machine in profile.match.machine), None)


def signs(device_tree: bytes, vendor: str, product: str, machine: str) -> Signs:
    """From the text of /proc/device-tree/compatible (NUL-ended strings), of DMI's files, and of uname."""
    compatible = tuple(filter(None, device_tree.decode("utf-8", "replace").split("\0")))
    return Signs(compatible, f"{vendor.strip()} {product.strip()}".strip(), machine)


class Proven(Protocol):
    """The part of a decoder's proof that matters here."""

    @property
    def codec(self) -> Codec: ...

    @property
    def backend(self) -> str: ...

    @property
    def ok(self) -> bool: ...

    @property
    def reason(self) -> str: ...


def overruled(ways: Mapping[Codec, Sequence[str]], proofs: Iterable[Proven]) -> list[str]:
    """Where the probe has found a profile wrong, a sentence for each codec: what it says first does not work here."""
    found = {(proof.codec, proof.backend): proof for proof in proofs}
    said = []
    for codec, backends in ways.items():
        tried = [found[codec, backend] for backend in backends if (codec, backend) in found]
        if tried and not tried[0].ok:
            instead = next((proof.backend for proof in tried if proof.ok), "nothing")
            said.append(f"{codec}: {tried[0].backend} does not work here ({tried[0].reason}), {instead} does")
    return said


def folder() -> Path:
    """Where the profiles are: in the package where it was installed, else beside it in the source tree."""
    inside = Path(__file__).parent / "boards"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "board"


def load(where: Path | None = None) -> list[Profile]:
    """All profiles, by name. Raises ConfigError."""
    return [
        parse(path.read_text(encoding="utf-8"), str(path), path.parent.name)
        for path in sorted((where or folder()).glob("*/profile.toml"))
    ]


def this(root: Path = Path("/")) -> Profile | None:
    """The profile of the machine that we run on; None where no profile matches. Raises ConfigError."""
    dmi = root / "sys/class/dmi/id"
    found = signs(
        _read(root / "proc/device-tree/compatible") or _read(root / "sys/firmware/devicetree/base/compatible"),
        _read(dmi / "sys_vendor").decode("utf-8", "replace"),
        _read(dmi / "product_name").decode("utf-8", "replace"),
        platform.machine(),
    )
    return detect(load(), found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
