"""Who may do what (DDP.md section 4). Pure.

| role | scopes | who |
| --- | --- | --- |
| owner | cast, control, input, admin | the first device that pairs, unless the configuration says that there is none |
| moderator | cast, control, input | whom an owner names |
| viewer | cast | everybody else |

``cast``: share one's own screen, or ask to. ``control``: decide whose pictures are shown, and how. ``input``: use the
display's keyboard and pointer without asking the room. ``admin``: the display itself and its devices.
"""

from typing import Literal

Role = Literal["owner", "moderator", "viewer"]
Scope = Literal["cast", "control", "input", "admin"]

SCOPES: dict[Role, tuple[Scope, ...]] = {
    "owner": ("cast", "control", "input", "admin"),
    "moderator": ("cast", "control", "input"),
    "viewer": ("cast",),
}


def allows(role: Role, scope: Scope) -> bool:
    """Whether this role has that scope."""
    return scope in SCOPES[role]
