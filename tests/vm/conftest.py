"""Collected inside a guest only: elsewhere there is nothing here to test."""

import os
from pathlib import Path

import pytest

from tests.peers.stage_process import StageProcess
from tests.vm.guest.host import Host

GUEST = "DDP_VM_GUEST"

collect_ignore_glob = [] if GUEST in os.environ else ["*"]
StageProcess.patience_s = 150.0  # emulated processors are slow


@pytest.fixture(scope="session")
def host() -> Host:
    return Host(Path("/out"))
