"""Shared by all tests: hypothesis profiles that suit two noisy cores, and a count of the tests that did not run."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A run that a shell has put in the background begins with Ctrl-C ignored, and so would all that it starts."""

settings.register_profile("default", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

NOT_RUN = os.environ.get("DDP_NOT_RUN")
"""A file that gets a line for each test that was skipped. It is written at once, for a guest's power may be cut."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note(report)


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    if NOT_RUN and report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        with Path(NOT_RUN).open("a") as told:
            told.write(f"{report.nodeid}: {why.removeprefix('Skipped: ')}\n")
