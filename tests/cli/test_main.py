"""The command line itself: help, version, configuration and exit statuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from receiver import __version__
from receiver.__main__ import main
from receiver.config.table import table


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from receiver.__main__ import _parser; _parser().format_help();"
        "print([m for m in ('asyncio', 'av', 'msgspec', 'numpy', 'receiver.config') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"ddp-receiver {__version__}\n"


def test_commands_are_printed_as_a_table_and_as_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commands"]) == 0
    printed = capsys.readouterr().out
    assert "`display.mirror`" in printed
    assert main(["commands", "--table"]) == 0
    assert capsys.readouterr().out == printed
    assert main(["commands", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$defs"]["mirror"]["required"] == ["device_id"]


def test_config_prints_the_table_and_what_is_in_effect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--table"]) == 0
    assert capsys.readouterr().out == table()
    file = tmp_path / "tv.toml"
    file.write_text("[http]\nport = 81\n")
    assert main(["config", "--config", str(file)]) == 0
    printed = capsys.readouterr().out
    assert f"# read from {file}" in printed
    assert "\nport = 81\n" in printed


@pytest.mark.parametrize("command", ["run", "doctor", "status", "config"])
def test_a_bad_file_stops_every_command_with_one_sentence(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tv.toml"
    file.write_text("[http]\nprot = 81\n")
    assert main([command, "--config", str(file)]) == 2
    error = capsys.readouterr().err
    assert error == f"ddp-receiver: {file}, line 2: there is no key http.prot; the nearest is http.port\n"


def test_options_stand_for_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--output", "tv"]) == 2
    assert "on the command line: output.kind must be one of" in capsys.readouterr().err
