"""The import contracts hold, and each of them catches what it is there to catch."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source by itself, to be broken."""
    shutil.copytree(ROOT / "receiver", tmp_path / "receiver", ignore=shutil.ignore_patterns("web", "__pycache__"))
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/pure_contract.py", tmp_path / "scripts")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("link/framing.py", "import time", "receiver.link.framing is not allowed to import time"),
        ("trust/seal.py", "from receiver.linkio import pair", "receiver.trust.seal is not allowed to import asyncio"),
        ("pace/layout.py", "import av.frame", "receiver.pace.layout is not allowed to import av"),
        ("app/facts.py", "import uinput", "receiver.app is not allowed to import uinput"),
        ("pace/layout.py", "import receiver.trust.seal", "receiver.pace is not allowed to import receiver.trust"),
        ("errors.py", "import receiver.config", "receiver.errors is not allowed to import receiver.config"),
    ],
)
def test_a_breach_is_caught(copy: Path, file: str, line: str, complaint: str) -> None:
    path = copy / "receiver" / file
    path.write_text(path.read_text() + f"\n{line}\n")
    result = lint_imports(copy)
    assert result.returncode == 1
    assert complaint in result.stdout


def test_the_hands_may_use_uinput(copy: Path) -> None:
    (copy / "receiver/input/uinput.py").write_text("import uinput\n")
    assert "Only receiver.input.uinput imports uinput, which is GPLv3+ KEPT" in lint_imports(copy).stdout


def test_the_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout
