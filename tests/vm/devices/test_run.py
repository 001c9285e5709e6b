"""``ddp-receiver run`` on a bare console: it takes the screen by itself, and gives it back."""

import signal
import subprocess
import sys
import time

import numpy as np

from tests.vm.guest.host import Host


def colours(image: np.ndarray) -> int:
    return len(np.unique(image.reshape(-1, 3), axis=0))


def test_it_takes_the_screen_and_gives_it_back(host: Host) -> None:
    before = host.screen("virtio", "before-run")
    assert colours(before) < 20, "a console"
    command = [sys.executable, "-m", "receiver", "run", "--name", "Boardroom 4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            assert run.stdout is not None
            said = next(line for line in run.stdout if "Screen" in line)
            assert "KMS on Virtual-1 of card0 (virtio_gpu), 640x360 at " in said
            until = time.monotonic() + 60
            while colours(host.screen("virtio", "run")) < 100:
                assert time.monotonic() < until, "the idle screen does not come"
            run.send_signal(signal.SIGINT)
            assert run.wait(60) == 0
        finally:
            run.kill()
    assert colours(host.screen("virtio", "after-run")) < 20, "a console again"
