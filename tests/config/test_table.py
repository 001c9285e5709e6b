"""The documentation and the printed configuration say what the code does."""

import dataclasses
from pathlib import Path

from receiver.config import parse
from receiver.config.schema import KEYS
from receiver.config.table import effective, table

DOCUMENT = Path(__file__).parents[2] / "docs/configuration.md"


def test_the_document_holds_the_current_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").endswith("\n\n" + table()), (
        "docs/configuration.md is out of date: replace its table by the output of `ddp-receiver config --table`"
    )


def test_every_key_has_a_reason_and_a_bound() -> None:
    assert all(key.why.endswith(".") and key.bound.phrase for key in KEYS.values())


def test_what_is_printed_reads_back_as_the_same() -> None:
    text = '[display]\nname = "Say \\"hi\\" \\\\ ü"\n[output]\nfullscreen = false\n'
    config = parse(text + '[cast]\nallow = ["10.0.0.0/8", "fd00::/8"]\n', "tv.toml")
    again = parse(effective(config), "tv.toml")
    assert dataclasses.replace(again, source=config.source) == config
