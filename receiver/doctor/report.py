"""The findings as text for people and as JSON. Pure."""

import dataclasses
import json
import textwrap
from collections.abc import Sequence
from itertools import groupby

from receiver import __version__
from receiver.doctor.finding import Finding

WIDTH = 80
INDENT = 27
"""Columns before a reason: two, the state, the subject."""
COLOURS = {"ok": "32", "missing": "1;33", "off": "2"}


def can_cast(findings: Sequence[Finding]) -> bool:
    """Whether everything that casting needs is here."""
    return not any(finding.needed and finding.state == "missing" for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """``{version, can_cast, findings: [...]}``; the findings' fields are those of Finding."""
    values = [dataclasses.asdict(finding) for finding in findings]
    document = {"version": __version__, "can_cast": can_cast(findings), "findings": values}
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_text(findings: Sequence[Finding], colour: bool = False) -> str:
    """Grouped by area, 80 columns wide; the verdict comes last, where the eye is when it has scrolled by."""
    parts = [f"ddp-receiver {__version__}"]
    for area, group in groupby(findings, key=lambda finding: finding.area):
        parts += ["", _paint(area, "1", colour)]
        parts += [_line(finding, colour) for finding in group]
    parts += ["", _paint(_verdict(findings), "1", colour)]
    return "\n".join(parts)


def _line(finding: Finding, colour: bool) -> str:
    head = f"  {_paint(f'{finding.state:<8}', COLOURS[finding.state], colour)} {finding.subject:<15} "
    lines = textwrap.wrap(finding.reason, WIDTH - INDENT, break_on_hyphens=False) or [""]
    remedy = textwrap.wrap(
        finding.remedy, WIDTH - INDENT, initial_indent="→ ", subsequent_indent="  ", break_on_hyphens=False
    )
    return head + ("\n" + " " * INDENT).join(lines + remedy)


def _verdict(findings: Sequence[Finding]) -> str:
    missing = [finding for finding in findings if finding.state == "missing"]
    stops = [finding.subject for finding in missing if finding.needed]
    if stops:
        return f"Nobody can cast to this machine yet. First mend: {', '.join(stops)}."
    if missing:
        things = "One thing is" if len(missing) == 1 else f"{len(missing)} things are"
        return f"This machine can be cast to. {things} missing that would make it better."
    return "This machine can be cast to."


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
