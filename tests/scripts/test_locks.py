"""The lock files are complete, hashed, and without addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REMEDY = "run scripts/lock and commit what it writes"


def locked(file: str) -> dict[str, str]:
    """Versions by name."""
    text = (ROOT / file).read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def wanted(lines: list[str]) -> dict[str, str]:
    """Requirements by normalised name (PEP 503)."""
    names = {line: re.match(r"[\w.-]+", line).group() for line in lines}  # type: ignore[union-attr]
    return {re.sub(r"[-_.]+", "-", name).lower(): line for line, name in names.items()}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = wanted([*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["sender"]])
DEV = wanted(PROJECT["dependency-groups"]["dev"])


@pytest.mark.parametrize(("file", "names"), [("requirements.lock", RUN), ("requirements-dev.lock", RUN | DEV)])
def test_every_dependency_is_locked(file: str, names: dict[str, str]) -> None:
    versions = locked(file)
    assert names.keys() - versions.keys() == set(), REMEDY
    pins = {name: line.partition("==")[2] for name, line in names.items() if "==" in line}
    assert {name: versions[name] for name in pins} == pins, REMEDY


def test_tests_run_against_what_is_shipped() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items(), REMEDY


def test_what_drives_a_machine_is_locked_apart() -> None:
    assert {"python-uinput", "setuptools"} <= locked("requirements-input.lock").keys(), REMEDY
    assert "python-uinput" not in locked("requirements.lock"), "it is GPLv3+, and needs a compiler"


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock", "requirements-input.lock"])
def test_hashes_and_no_addresses(file: str) -> None:
    text = (ROOT / file).read_text()
    assert "://" not in text
    assert re.findall(r"^-.*", text, re.MULTILINE) == []
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[a-z0-9])", text))
