"""A piece of SDP that brings candidates after the offer: ``trickle-ice-sdpfrag`` (RFC 8840 section 9). Pure.

Only its lines are told apart here. A candidate stays text, as in ``rtc.candidate``: the intake reads it.
"""

import re
from dataclasses import dataclass, field

from receiver.errors import ProtocolError

MAX_LINES = 256
MAX_CANDIDATES = 32
MAX_LINE = 512

_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID = re.compile(r"[!#$%&'*+.^_`{|}~\w-]{1,64}", re.ASCII)
_OFFERED = re.compile(r"^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\r?$", re.MULTILINE)


class FragmentError(ProtocolError):
    """A fragment that can't be read; names the line."""


@dataclass(frozen=True, slots=True)
class Trickled:
    """One candidate. ``index``: of its media section in the fragment, where there is no mid."""

    candidate: str
    mid: str | None
    index: int | None


@dataclass
class Fragment:
    """``ufrag``, ``password``: of the ICE session that the candidates are for; empty where they are not told."""

    ufrag: str = ""
    password: str = ""
    candidates: list[Trickled] = field(default_factory=list)
    complete: bool = False


def parse(text: str) -> Fragment:
    """Read a fragment; lines that say nothing of candidates are skipped. Raises FragmentError."""
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise FragmentError(f"the fragment has more than {MAX_LINES} lines")
    fragment = Fragment()
    mid: str | None = None
    index: int | None = None
    for line in lines:
        if len(line) > MAX_LINE:
            raise FragmentError(f"a line has more than {MAX_LINE} characters: {line[:40]!r}")
        kind, _, value = line.partition("=")
        name, _, argument = value.partition(":")
        if line and (len(kind) != 1 or not kind.islower()):
            raise FragmentError(f"this is not a line of SDP: {line[:40]!r}")
        match kind, name:
            case "m", _:
                mid, index = None, 0 if index is None else index + 1
            case "a", "mid":
                if not _MID.fullmatch(argument):
                    raise FragmentError(f"this mid can't be read: {argument[:40]!r}")
                mid = argument
            case "a", "ice-ufrag":
                fragment.ufrag = _same(fragment.ufrag, argument, _UFRAG, name)
            case "a", "ice-pwd":
                fragment.password = _same(fragment.password, argument, _PASSWORD, name)
            case "a", "candidate":
                if len(fragment.candidates) >= MAX_CANDIDATES:
                    raise FragmentError(f"the fragment has more than {MAX_CANDIDATES} candidates")
                fragment.candidates.append(Trickled(value, mid, index))
            case "a", "end-of-candidates":
                fragment.complete = True
    return fragment


def _same(known: str, given: str, pattern: re.Pattern[str], name: str) -> str:
    """With BUNDLE there is one ICE session, however often it is told."""
    if not pattern.fullmatch(given):
        raise FragmentError(f"{name} is not made of A-Z, a-z, 0-9, + and /, or is too short or too long")
    if known and known != given:
        raise FragmentError(f"the fragment has two values of {name}; use one transport for all media")
    return given


def ufrag_of(offer: str) -> str:
    """The ICE session that an offer begins, to tell its candidates from another's; empty where it says none."""
    match = _OFFERED.search(offer)
    return match[1] if match else ""
