"""The whole examination on this machine, through the command line."""

import json
from pathlib import Path

import pytest

from receiver.__main__ import main
from receiver.doctor import control


def test_doctor_reports_and_its_status_is_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tv.toml"
    file.write_text(f"[http]\nport = 0\nhttps_port = 0\n[paths]\nstate_dir = '{tmp_path}'\n")
    status = main(["doctor", "--json", "--config", str(file)])
    document = json.loads(capsys.readouterr().out)
    assert document["can_cast"] == (status == 0)
    assert len({(one["area"], one["subject"]) for one in document["findings"]}) == len(document["findings"])
    assert all(one["reason"].endswith((".", "8443", ":0")) for one in document["findings"])
    assert main(["doctor", "--config", str(file)]) == status
    assert "\x1b" not in capsys.readouterr().out


def test_uinput(tmp_path: Path) -> None:
    assert control.uinput(tmp_path).reason == "/dev/uinput doesn't exist."
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/uinput").touch()
    assert control.uinput(tmp_path, "json").state == "ok"
    without = control.uinput(tmp_path, "no_such_module")
    assert (without.state, without.reason.endswith("python-uinput is not there.")) == ("missing", True)
    assert 'pip install "ddp-receiver[input]"' in without.remedy
