"""The machine's own checks, on folders made for the purpose."""

import os
from pathlib import Path

import pytest

from receiver.doctor import machine


def test_the_model_comes_from_the_device_tree_or_dmi(tmp_path: Path) -> None:
    assert machine.model(tmp_path) == ""
    (tmp_path / "sys/class/dmi/id").mkdir(parents=True)
    (tmp_path / "sys/class/dmi/id/product_name").write_text("NUC8i3\n")
    assert machine.model(tmp_path) == "NUC8i3"
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    assert machine.model(tmp_path) == "Raspberry Pi 4 Model B Rev 1.5"


def test_packages_that_lack_or_differ_are_named() -> None:
    good = machine.packages(["pytest>=8", "hypothesis", 'no-such-thing; extra == "input"'])
    assert (good.state, good.reason) == ("ok", "All 2 are installed.")
    bad = machine.packages(["no-such-thing>=1", "pytest==0.1"])
    assert bad.state == "missing"
    assert bad.needed
    assert "no-such-thing is not installed; pytest is " in bad.reason


def test_a_folder_that_does_not_exist_yet_can_be_written_if_its_parent_can(tmp_path: Path) -> None:
    assert machine.state_dir(tmp_path / "a/b").state == "ok"
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    assert machine.state_dir(tmp_path / "file").state == "missing"


@pytest.mark.parametrize(("status", "state"), [(0, "ok"), (machine.STA_UNSYNC, "missing"), (None, "off")])
def test_the_clock(status: int | None, state: str) -> None:
    assert machine.clock(status).state == state


def test_the_kernel_tells_its_clock_status() -> None:
    assert machine.clock_status() is None or isinstance(machine.clock_status(), int)


def test_every_check_gives_sentences() -> None:
    for finding in machine.checks(Path(os.sep)):
        assert finding.reason.endswith(".")
        assert bool(finding.remedy) == (finding.state == "missing")
