"""A part that dies takes the process with it, in words."""

import subprocess
import sys

import pytest

from receiver.stage.fatal import BROKEN

DEATHS = {
    "a thread": "threading.Thread(target=lambda: 1 / 0, name='decode-1').start(); await asyncio.sleep(20)",
    "a callback": "loop.call_soon(lambda: 1 / 0); await asyncio.sleep(20)",
    "a task": "keep = fatal.watch(loop.create_task(fail(), name='media-1')); await asyncio.sleep(20)",
}


@pytest.mark.parametrize("what", DEATHS)
def test_it_ends_the_process(what: str) -> None:
    program = f"""
import asyncio, logging, threading
from receiver.stage import fatal
logging.basicConfig()
async def fail(): 1 / 0
async def main():
    loop = asyncio.get_running_loop()
    fatal.install(loop)
    {DEATHS[what]}
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=15, check=False)
    assert ended.returncode == BROKEN
    assert "died: division by zero" in ended.stderr
