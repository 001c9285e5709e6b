"""Names that peers give themselves, as they may appear on the TV. Pure."""

import unicodedata

from receiver.ddp.codes import ErrorCode, Refusal

MAX_NAME = 64
MAX_MARKS = 4
_JOINER = "\u200d"  # holds the parts of one emoji together


def clean_name(name: str) -> str:
    """The name in NFC with single spaces, 1 to 64 characters. Raises Refusal.

    Refused are characters that could disguise the name or the screen around it: control, format (which includes the
    bidirectional overrides), private, unassigned, line and paragraph separators, and long stacks of marks.
    """
    text = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    text = " ".join(part for part in text.split(" ") if part)
    if not 1 <= len(text) <= MAX_NAME:
        raise Refusal(ErrorCode.INVALID_PARAMS, f"name has {len(text)} characters; it takes 1 to {MAX_NAME}")
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in {"Zl", "Zp"} or (category[0] == "C" and character != _JOINER):
            raise Refusal(
                ErrorCode.INVALID_PARAMS, f"name has the character U+{ord(character):04X}, which can't be shown"
            )
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MAX_MARKS:
            raise Refusal(ErrorCode.INVALID_PARAMS, f"name stacks more than {MAX_MARKS} marks on one letter")
    if not any(unicodedata.category(character)[0] in "LNSP" for character in text):
        raise Refusal(ErrorCode.INVALID_PARAMS, "name has nothing that can be seen")
    return text
