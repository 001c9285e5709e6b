"""What the sender keeps between runs."""

from pathlib import Path

import pytest

from scripts.sender.errors import SenderError
from scripts.sender.state import Known, State


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ddp-sender"
    made = State(folder).identity()
    assert State(folder).identity().public == made.public
    assert (folder / "identity.pem").stat().st_mode & 0o777 == 0o600


def test_displays_are_remembered_and_replaced(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert state.known() == {}
    state.pin("tv-1", Known("Room", "old"))
    state.pin("tv-2", Known("Attic", "fp"))
    state.pin("tv-1", Known("Room", "new"))
    assert State(tmp_path).known() == {"tv-1": Known("Room", "new"), "tv-2": Known("Attic", "fp")}
    assert (tmp_path / "displays.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["identity.pem", "displays.json"])
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no such thing")
    state = State(tmp_path)
    with pytest.raises(SenderError, match=f"{name} is damaged .* Delete it, and pair again"):
        state.identity() if name == "identity.pem" else state.known()
    assert (tmp_path / name).read_text() == "no such thing"


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SenderError, match=r"file/folder/identity.pem can't be"):
        State(tmp_path / "file" / "folder").identity()
