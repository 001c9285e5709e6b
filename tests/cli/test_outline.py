"""The outline is what `ddp-receiver status` prints."""

from receiver.outline import outline


def test_values_are_aligned_and_nested() -> None:
    status = {
        "display_name": "TV",
        "pin": None,
        "addresses": ["192.0.2.1", "2001:db8::1"],
        "streams": [{"codec": "VP8", "dropped": {"late": 3}, "paused": False}, {"codec": "H264", "dropped": {}}],
    }
    assert outline(status).splitlines() == [
        "display name  TV",
        "pin           none",
        "addresses",
        "  - 192.0.2.1",
        "  - 2001:db8::1",
        "streams",
        "  - codec   VP8",
        "    dropped",
        "      late  3",
        "    paused  no",
        "  - codec    H264",
        "    dropped  none",
    ]


def test_empty_and_zero_are_words_and_numbers() -> None:
    lines = outline({"streams": [], "frames": 0, "late": 0.0, "muted": False}).splitlines()
    assert [line.split() for line in lines] == [["streams", "none"], ["frames", "0"], ["late", "0.0"], ["muted", "no"]]
