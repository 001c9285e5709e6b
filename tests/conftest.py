"""Shared by all tests: hypothesis profiles that suit two noisy cores, the names of the tests that failed or did not
run, and an end for those that would not end."""

import faulthandler
import os
import signal
import textwrap
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import HealthCheck, settings

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A run that a shell has put in the background begins with Ctrl-C ignored, and so would all that it starts."""

SLOW = [HealthCheck.too_slow]
settings.register_profile("default", deadline=None, max_examples=100, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("random", deadline=None, max_examples=100, suppress_health_check=SLOW)
settings.register_profile("long", deadline=None, max_examples=5000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
"""By default the same examples each time: what fails is then due to what was changed. The others look for new ones."""

TOLD = os.environ.get("DDP_TOLD")
"""A file that gets each test that was skipped or that failed for good, for the end of a long run to repeat. It is
written at once, for a guest's power may be cut."""

WHY = 1500
"""Characters of what failed; the whole of it stands in pytest's own report."""

TEARDOWN_S = 300.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """pytest's faulthandler does not look after a test any more once it has failed. A thread that it left waiting, for
    which its event loop waits in turn, would hold up everything for ever: so it ends the run and shows where."""
    faulthandler.dump_traceback_later(TEARDOWN_S, exit=True, file=item.config.stash[fault_handler_stderr_fd_key])
    try:
        yield
        policy = os.sched_getscheduler(0)
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        assert policy == os.SCHED_OTHER, "it made this process a realtime one"
    finally:
        faulthandler.cancel_dump_traceback_later()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note(report)


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not TOLD or hasattr(report, "wasxfail") or not (report.failed or report.skipped):
        return
    if report.failed:
        told = f"Failed: {report.nodeid}\n{textwrap.indent(report.longreprtext[-WHY:].strip(), '    ')}\n"
    else:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        told = f"Not run: {report.nodeid}: {' '.join(why.removeprefix('Skipped: ').split())}\n"
    with Path(TOLD).open("a") as file:
        file.write(told)
