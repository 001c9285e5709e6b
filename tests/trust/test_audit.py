"""The audit log's chain, and its files: whole, bounded, and honest about what is missing."""

import contextlib
import json
import stat
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.audit import BURST, EVENTS, START, BrokenChain, Chain, Entry, Happening, Thrift, follow, read_line
from receiver.trust.audit_file import NAME, OLDER, AuditFile, files, read
from receiver.trust.files import StateError

NOW = 1_800_000_000.25


def lines(count: int) -> list[bytes]:
    chain = Chain()
    return [chain.add(Happening(NOW + n, "paired", f"Device {n}"))[0].rstrip(b"\n") for n in range(count)]


def test_a_line_is_json_that_tells_what_happened() -> None:
    chain = Chain()
    line, entry = chain.add(Happening(NOW, "paired", "Alice's laptop", "fp", (("by", "pin"), ("stream", 3)), 2))
    assert json.loads(line) == {
        "n": 1,
        "at": "2027-01-15T08:00:00.250Z",
        "event": "paired",
        "prev": START,
        "who": "Alice's laptop",
        "device": "fp",
        "details": {"by": "pin", "stream": 3},
        "left_out": 2,
        "hash": chain.hash,
    }
    assert read_line(line.rstrip(b"\n")) == entry
    assert line.count(b"\n") == 1


def test_the_chain_holds() -> None:
    assert [entry.n for entry in follow(lines(5))] == [1, 2, 3, 4, 5]
    assert [entry.n for entry in follow(lines(5)[2:])] == [3, 4, 5]


@pytest.mark.parametrize(
    ("broken", "number", "why"),
    [
        (lambda those: [*those[:2], those[2].replace(b"Device 2", b"Device 7"), *those[3:]], 3, "altered"),
        (lambda those: [*those[:2], *those[3:]], 3, "left out"),
        (lambda those: [those[0], those[2], those[1], *those[3:]], 2, "left out or moved"),
        (lambda those: [*those, those[-1]], 6, "left out or moved"),
        (lambda those: [*those[:4], those[4].replace(b'"n":5', b'"n":6')], 5, "altered"),
        (lambda those: [*those[:3], b"", *those[3:]], 4, "not a line"),
        (lambda those: [*those[:3], b"{}", *those[3:]], 4, "not a line"),
    ],
)
def test_the_first_broken_line_is_named(broken: object, number: int, why: str) -> None:
    assert callable(broken)
    with pytest.raises(BrokenChain, match=why) as error:
        list(follow(broken(lines(5))))
    assert error.value.number == number


@given(st.binary(max_size=300))
def test_any_line_is_read_or_broken(line: bytes) -> None:
    with contextlib.suppress(BrokenChain):
        assert isinstance(read_line(line), Entry)


@given(st.text(max_size=300), st.sampled_from(EVENTS), st.integers(0, 2**53 - 1))
def test_any_words_make_a_line_that_reads_back(words: str, event: object, number: int) -> None:
    line, entry = Chain().add(Happening(NOW, event, words, words, (("said", words), ("n", number))))  # type: ignore[arg-type]
    assert read_line(line.rstrip(b"\n")) == entry


def test_a_flood_is_counted_not_written() -> None:
    thrift, second = Thrift(), 1_000_000_000
    assert [thrift.spend("refused", 0) for _ in range(BURST)] == [0] * BURST
    assert [thrift.spend("refused", second) for _ in range(500)] == [None] * 500
    assert thrift.spend("paired", second) == 0
    assert thrift.spend("refused", 60 * second) == 500
    written = sum(thrift.spend("refused", n * second) is not None for n in range(61, 3661))
    assert written == 60


# ---- on disk


def write(state: Path, count: int, most: int = 1000) -> None:
    file = AuditFile(state, most)
    for n in range(count):
        file.append([Happening(NOW, "returned", f"Device {n}")])


def test_the_file_is_private_bounded_and_its_chain_runs_on(tmp_path: Path) -> None:
    write(tmp_path, 100)
    there = files(tmp_path)
    assert len(there) == OLDER + (tmp_path / NAME).exists()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in there)
    assert sum(path.stat().st_size for path in there) < 1300 * (OLDER + 1)
    numbers = [entry.n for entry in read(tmp_path)]
    assert numbers == list(range(numbers[0], 101))
    write(tmp_path, 1)
    assert [entry.n for entry in read(tmp_path)][-1] == 101


def test_what_is_left_out_between_files_is_found(tmp_path: Path) -> None:
    write(tmp_path, 25)
    files(tmp_path)[1].unlink()
    with pytest.raises(StateError, match=r"Line 1 of .*audit.* breaks the chain"):
        list(read(tmp_path))
    assert next(islice(read(tmp_path, verify=False), 1))


def test_an_unfinished_line_is_mended_and_said(tmp_path: Path) -> None:
    write(tmp_path, 2, most=10_000)
    path = tmp_path / NAME
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"n":3,"at"')
    assert [entry.n for entry in read(tmp_path)] == [1, 2]
    write(tmp_path, 1, most=10_000)
    entries = list(read(tmp_path))
    assert [entry.event for entry in entries] == ["returned", "returned", "log mended", "returned"]
    assert entries[2].details == {"bytes of an unfinished line": 11}
    assert path.read_bytes().startswith(whole)


def test_a_log_whose_end_is_damaged_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, 2, most=10_000)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes().replace(b"Device 1", b"Device 9"))
    with pytest.raises(StateError, match=r"Line 2 of .* was altered"):
        list(read(tmp_path))
    write(tmp_path, 1, most=10_000)
    assert [entry.event for entry in read(tmp_path)] == ["log began", "returned"]
    assert (tmp_path / "audit.jsonl.damaged").exists()
    assert "a new log begins" in caplog.text


def test_a_log_that_others_could_read_or_that_points_elsewhere_is_not_used(tmp_path: Path) -> None:
    write(tmp_path, 1)
    (tmp_path / NAME).chmod(0o666)
    write(tmp_path, 1)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).symlink_to(elsewhere)
    with pytest.raises(StateError, match="can't be written"):
        write(tmp_path, 1)
    assert elsewhere.read_bytes() == b""


def test_a_log_that_can_not_be_read_is_explained(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(StateError, match=r"audit.jsonl can't be read .* with sudo"):
        list(read(tmp_path))
