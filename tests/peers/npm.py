"""Clients from npm, fetched once and kept in pytest's cache."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_S = 240


def npm_modules(config: pytest.Config, package: Path) -> Path:
    """The folder of the modules that ``package`` (a package.json) names; skips the test where npm can't fetch them."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node or npm is not installed here")
    wanted = package.read_bytes()
    assert config.cache is not None
    folder = config.cache.mkdir(f"{package.parent.name}-{hashlib.sha256(wanted).hexdigest()[:16]}")
    if not (folder / "done").exists():
        (folder / "package.json").write_bytes(wanted)
        command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm could not fetch the clients within {INSTALL_S} s")
        if installed.returncode:
            pytest.skip(f"npm can't fetch the clients: {installed.stderr.strip().splitlines()[-1:]}")
        (folder / "done").touch()
    return folder / "node_modules"
