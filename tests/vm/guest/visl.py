"""The kernel's visl, a stateless decoder that decodes nothing: it checks what it is told of each frame as any driver's
core does, tells it on (tracing), and gives a test picture."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TRACING = Path("/sys/kernel/tracing")
KERNEL_LOG = ("dmesg", "--clear"), ("dmesg", "--notime")
_FOUND = re.compile(r"(?:dpb\[\d+\]:|_ref_ts: )(\d+), vb2_(?:idx|index): (-?\d+)")
_STATE = re.compile(r"index: (\d+), status: (\w+), timestamp")
_EVENT = re.compile(r"^ *\S+-\d+ +\[\d+\] .*?: (\w+): ?(.*)$")


@contextmanager
def visl() -> Iterator[None]:
    """Its device. Of each frame it writes to the kernel's log which buffers it found."""
    wordy = ("visl_debug=1", "tpg_verbose=1", "visl_dprintk_frame_start=0", "visl_dprintk_nframes=1000")
    if subprocess.run(["modprobe", "visl", *wordy], check=False).returncode:
        pytest.skip("this guest has no visl; its image could not be built with it")
    subprocess.run(["udevadm", "settle"], check=True)
    if not (TRACING / "trace").exists():
        subprocess.run(["mount", "-t", "tracefs", "none", TRACING], check=True)
    for path in TRACING.glob("events/visl_*_controls/enable"):
        path.write_text("1")
    (TRACING / "trace").write_text("")
    subprocess.run(KERNEL_LOG[0], check=True)
    try:
        yield
    finally:
        subprocess.run(["rmmod", "visl"], check=True)


def told() -> list[tuple[str, dict[str, str]]]:
    """What it was told since the last call: the controls in order, each with its fields as text."""
    found: list[tuple[str, dict[str, str]]] = []
    text = (TRACING / "trace").read_text()
    (TRACING / "trace").write_text("")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if match := _EVENT.match(line):
            found.append((match[1], {}))
            line = match[2]
        if found and line.strip():
            name, _, value = line.strip().partition(" ")
            found[-1][1][name] = value
    return found


def looked_back() -> list[dict[int, tuple[int, str]]]:
    """For each frame since it was loaded, the buffers that it found by the times it was told: the time, then the
    buffer's number (-1: none) and its state. In microseconds, by which frames are numbered here."""
    frames: list[dict[int, tuple[int, str]]] = []
    for line in subprocess.check_output(KERNEL_LOG[1], text=True).splitlines():
        if "Got OUTPUT buffer" in line:
            frames.append({})
        elif match := _FOUND.search(line):
            frames[-1][int(match[1]) // 1000] = int(match[2]), "?"
        elif match := _STATE.search(line):
            for time, (buffer, _) in frames[-1].items():
                if buffer == int(match[1]):
                    frames[-1][time] = buffer, match[2]
    return frames
