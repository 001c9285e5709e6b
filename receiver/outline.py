"""JSON-ready values as an indented outline for people. Pure."""

import base64
import datetime
from collections.abc import Mapping, Sequence


def outline(value: object, depth: int = 0) -> str:
    """Mappings as aligned ``key  value`` lines, nested ones indented below their key; lists as dashes."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        width = max((len(str(key)) for key, item in value.items() if _plain(item)), default=0)
        return "\n".join(
            f"{pad}{str(key).replace('_', ' '):<{width}}  {_word(item)}"
            if _plain(item)
            else f"{pad}{str(key).replace('_', ' ')}\n{outline(item, depth + 1)}"
            for key, item in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(f"{pad}- {outline(item, depth + 1).lstrip()}" for item in value)
    return f"{pad}{_word(value)}"


def _plain(value: object) -> bool:
    """Whether it fits on one line: text, a number, or something empty."""
    return not value or isinstance(value, (str, int, float))


def _word(value: object) -> str:
    if value is None or (not value and isinstance(value, (str, Mapping, Sequence))):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def devices(rows: Sequence[Mapping[str, object]]) -> str:
    """The paired devices as a table for people."""
    if not rows:
        return "No device has paired yet."
    cells = [("ID", "NAME", "ROLE", "LAST SEEN", "")]
    for row in rows:
        seen, connected = _when(row["last_seen"]), "connected" if row["connected"] else ""
        cells.append((str(row["id"])[:8], str(row["name"]), str(row["role"]), seen, connected))
    return _table(cells)


def stream_keys(rows: Sequence[Mapping[str, object]]) -> str:
    """The stream keys as a table for people."""
    if not rows:
        return "There is no stream key. Make one with: ddp-receiver keys make NAME"
    cells = [("ID", "NAME", "GOOD UNTIL", "LAST USED")]
    for row in rows:
        used = _when(row["used"]) if row["used"] else "never"
        cells.append((str(row["id"]), str(row["name"]), _when(row["expires"]), used))
    return _table(cells)


def made_key(made: Mapping[str, object]) -> str:
    """A new stream key, and what is to be done with it."""
    digest = base64.urlsafe_b64decode(f"{made['certificate']}=").hex(":").upper()
    lines = [
        f"A stream key for {made['name']}, good until {_when(made['expires'])}. It is shown this once:",
        "",
        f"  Address      {made['address']}",
        f"  Key          {made['key']}",
        f"  Certificate  {digest}",
        "",
        "Whoever has the key can share on this display, as a guest could. The tool must trust the display's",
        "certificate (https.crt in the state folder, its SHA-256 is above): one that trusts any gives the key away.",
        f"End it with: ddp-receiver keys revoke {made['id']}",
    ]
    return "\n".join(lines)


def _when(seconds: object) -> str:
    return datetime.datetime.fromtimestamp(int(str(seconds))).strftime("%Y-%m-%d %H:%M")


def _table(cells: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def audit(entry: Mapping[str, object]) -> str:
    """An entry of the audit log as one line for people; what a sender has said can't move the cursor."""
    when = datetime.datetime.fromisoformat(str(entry["at"])).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    details, left_out = entry["details"], entry["left_out"]
    words = [f"{name} {value}" for name, value in details.items()] if isinstance(details, Mapping) else []
    if left_out:
        words.append(f"{left_out} more like it before")
    device = f" ({str(entry['device'])[:8]})" if entry["device"] else ""
    line = f"{when}  {entry['event']!s:<16}  {entry['who']}{device}  {', '.join(words)}".rstrip()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
