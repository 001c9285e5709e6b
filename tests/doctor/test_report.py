"""The report is pleasant at 80 columns, and its verdict follows from what is needed."""

import json

from hypothesis import given
from hypothesis import strategies as st

from receiver.doctor.finding import Finding
from receiver.doctor.report import as_json, as_text, can_cast

GOOD = Finding("Machine", "Python", "ok", "3.11.7.", needed=True)
WISH = Finding("Machine", "Fonts", "missing", "Inter is not installed.", "Run: apt install fonts-inter")
NEED = Finding("Network", "Address", "missing", "No network is up.", "Plug in a cable.", needed=True)


def test_the_verdict() -> None:
    assert as_text([GOOD]).endswith("\n\nThis machine can be cast to.")
    assert as_text([GOOD, WISH]).endswith("One thing is missing that would make it better.")
    assert as_text([GOOD, WISH, WISH]).endswith("2 things are missing that would make it better.")
    assert as_text([GOOD, WISH, NEED]).endswith("Nobody can cast to this machine yet. First mend: Address.")
    assert can_cast([GOOD, WISH])
    assert not can_cast([GOOD, WISH, NEED])


def test_the_lines() -> None:
    assert as_text([GOOD, WISH]).splitlines()[2:6] == [
        "Machine",
        "  ok       Python          3.11.7.",
        "  missing  Fonts           Inter is not installed.",
        "                           → Run: apt install fonts-inter",
    ]


def test_colour_changes_nothing_but_colour() -> None:
    painted = as_text([GOOD, WISH], colour=True)
    assert "\x1b[32mok      \x1b[0m" in painted
    assert "\x1b" not in as_text([GOOD, WISH])


def test_json_holds_everything() -> None:
    document = json.loads(as_json([GOOD, NEED]))
    assert document["can_cast"] is False
    assert document["findings"][1] == {
        "area": "Network",
        "subject": "Address",
        "state": "missing",
        "reason": "No network is up.",
        "remedy": "Plug in a cable.",
        "needed": True,
    }


WORDS = st.lists(st.text("abcdefgh.", min_size=1, max_size=20), max_size=40).map(" ".join)


@given(WORDS, WORDS)
def test_no_line_is_wider_than_80(reason: str, remedy: str) -> None:
    text = as_text([Finding("Machine", "Receive buffer", "missing", reason, remedy)])
    assert max(map(len, text.splitlines())) <= 80
