"""Capability negotiation (DDP.md section 1): RFC 9651 dictionaries and their intersection. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from http_sf import StructuredFieldError, Token, parse, ser

from receiver.ddp.codes import ErrorCode, Refusal

MAX_CAPABILITY = 1024
VERSION = Decimal("2.1")

Value = Token | str
Lists = dict[str, tuple[Value, ...]]


class CapabilityError(Refusal):
    """A Capability that can't be read."""

    def __init__(self, advice: str) -> None:
        super().__init__(ErrorCode.INVALID_PARAMS, advice)


@dataclass(frozen=True)
class Capability:
    """``ddp``: the protocol version. ``lists``: for each key its values, best first."""

    ddp: Decimal
    lists: Lists

    def __str__(self) -> str:
        members: dict[str, object] = {"ddp": (self.ddp, {})}
        members |= {key: ([(value, {}) for value in values], {}) for key, values in self.lists.items()}
        return ser(members)  # type: ignore[arg-type]


def parse_capability(text: str) -> Capability:
    """Read a Capability string or header. Raises CapabilityError.

    Keys whose value is not a list of tokens or strings are left out, so that later versions may add others.
    """
    if len(text) > MAX_CAPABILITY:
        raise CapabilityError(f"capability has {len(text)} characters; at most {MAX_CAPABILITY} are allowed")
    try:
        members: dict[str, tuple[Any, object]] = parse(text.encode("ascii"), tltype="dictionary")  # type: ignore[assignment]
    except (StructuredFieldError, UnicodeEncodeError) as error:
        raise CapabilityError(f"capability is not an RFC 9651 dictionary: {error}") from error
    ddp = members.get("ddp", (None, {}))[0]
    if isinstance(ddp, bool) or not isinstance(ddp, (int, Decimal)):
        raise CapabilityError('capability must state the protocol version, as in "ddp=2.1"')
    lists: Lists = {}
    for key, (value, _) in members.items():
        if isinstance(value, list) and all(isinstance(item, (Token, str)) for item, _ in value):
            lists[key] = tuple(item for item, _ in value)
    return Capability(Decimal(ddp), lists)


def intersect(ours: Capability, theirs: Capability, mandatory: frozenset[str]) -> Capability:
    """What both can do, in our order. Raises Refusal with −32010 and both sides' values.

    A key that the peer does not name is one that it leaves to us, unless it is mandatory.
    """
    if int(theirs.ddp) != int(ours.ddp):
        raise Refusal(
            ErrorCode.NO_COMMON_CAPABILITY,
            f"This display speaks DDP {ours.ddp}, the sender {theirs.ddp}. Update the older of the two",
            key="ddp",
            offered=str(theirs.ddp),
            needed=str(ours.ddp),
        )
    common: Lists = {}
    for key, values in ours.lists.items():
        offered = theirs.lists.get(key)
        if offered is None and key not in mandatory:
            continue
        names = {str(value) for value in offered or ()}
        common[key] = tuple(value for value in values if str(value) in names)
        if key in mandatory and not common[key]:
            needed = [str(value) for value in values]
            raise Refusal(
                ErrorCode.NO_COMMON_CAPABILITY,
                f"The sender offers no {key} that this display has ({', '.join(needed)}). Update or reconfigure it",
                key=key,
                offered=sorted(names),
                needed=needed,
            )
    return Capability(min(ours.ddp, theirs.ddp), common)
