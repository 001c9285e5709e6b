"""What a check found. Pure."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "off"]
"""``off``: turned off by configuration, or not needed as things are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: ``reason`` is a sentence, and so is ``remedy`` where something is missing.

    ``needed``: without it nobody can cast.
    """

    area: str
    subject: str
    state: State
    reason: str
    remedy: str = ""
    needed: bool = False
