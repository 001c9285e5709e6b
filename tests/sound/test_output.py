"""The output in use, over backends that fail, vanish and come back; and the null output on the real clock."""

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from receiver.clock import MonotonicClock
from receiver.errors import BackendUnavailable
from receiver.sound.api import Lost, Render, Samples
from receiver.sound.null import NullBackend
from receiver.sound.output import Output, open_sink
from receiver.sound.player import Player
from receiver.sound.portaudio import PortAudioBackend, Underflows

MS = 1_000_000


class Plug:
    """A backend that is there while ``there``."""

    name = "plug"

    def __init__(self, there: bool) -> None:
        self.there = there
        self.render: Render
        self.lost: Lost
        self.started = threading.Event()

    def start(self, render: Render, lost: Lost) -> None:
        if not self.there:
            raise BackendUnavailable("The plug is out. Put it in.")
        self.render, self.lost = render, lost
        self.started.set()

    def stop(self) -> None:
        self.started.clear()


class Listener:
    """A render that says when it has been asked."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.heard: list[int] = []

    def __call__(self, n: int, heard_ns: int) -> Samples:
        self.heard.append(heard_ns)
        if len(self.heard) >= 5:
            self.asked.set()
        return np.full((n, 2), 20_000, np.int16)


def test_null_asks_in_steady_steps() -> None:
    backend, listener = NullBackend(MonotonicClock()), Listener()
    backend.start(listener, lambda why, again=False: None)
    assert listener.asked.wait(10)
    backend.stop()
    backend.stop()
    assert set(np.diff(listener.heard[:5])) == {10 * MS}
    count = len(listener.heard)
    time.sleep(0.03)
    assert len(listener.heard) == count


def test_a_tap_on_the_null_sink_gets_steady_blocks() -> None:
    clock = MonotonicClock()
    sink, name, reason = open_sink("null")
    assert (name, reason) == ("null", "No sound: it is turned off in the configuration.")
    player = Player(sink, clock)
    blocks: list[tuple[int, int, int]] = []
    enough = threading.Event()

    def tap(timestamp: int, heard_ns: int, samples: bytes) -> None:
        blocks.append((timestamp, heard_ns, len(samples)))
        if len(blocks) >= 10:
            enough.set()

    player.set_tap(tap)
    for i in range(25):
        player.push(np.ones((960, 2), np.int16), i * 960, None, clock.now() + i * 20 * MS, discontinuity=False)
    assert enough.wait(10)
    player.close()
    sink.close()
    timestamps, heard, sizes = zip(*blocks[:10], strict=True)
    assert set(np.diff(heard)) == {10 * MS}
    assert all(474 <= step <= 486 for step in np.diff(timestamps))
    assert set(sizes) == {480 * 4}


def test_a_device_that_is_missing_is_taken_when_it_comes() -> None:
    plug, listener = Plug(there=False), Listener()
    output = Output(plug, MonotonicClock(), retry_s=0.05)
    assert (output.name, output.reason) == ("null", "No sound: The plug is out. Put it in.")
    output.attach(listener)
    assert listener.asked.wait(10)
    plug.there = True
    assert plug.started.wait(10)
    output.close()
    assert not plug.started.is_set()


def test_a_device_that_goes_leaves_the_players_running() -> None:
    plug, listener = Plug(there=True), Listener()
    output = Output(plug, MonotonicClock(), retry_s=3600)
    assert (output.name, output.reason) == ("plug", "Sound plays on plug.")
    output.attach(listener)
    assert (plug.render(480, 0) == 20_000).all()
    plug.lost("Somebody pulled the plug.")
    assert listener.asked.wait(10)
    assert (output.name, output.reason) == ("null", "No sound: Somebody pulled the plug.")
    output.close()
    output.close()


@pytest.mark.parametrize(("retry_s", "asks"), [(0.0, False), (3600, True)])
def test_a_device_that_played_for_a_while_or_asks_for_it_is_opened_anew_at_once(retry_s: float, asks: bool) -> None:
    plug, listener = Plug(there=True), Listener()
    output = Output(plug, MonotonicClock(), retry_s=retry_s)
    output.attach(listener)
    plug.started.clear()
    plug.lost("It ran dry.", again=asks)
    assert plug.started.wait(10)
    assert (output.name, output.reason) == ("plug", "Sound plays on plug.")
    output.close()


def test_a_card_that_runs_dry_too_often_is_told_apart_from_a_hiccup() -> None:
    hiccups, trouble = Underflows(), Underflows()
    assert not any(hiccups.too_often(i * 6_000 * MS) for i in range(10))
    assert [trouble.too_often(i * 4_000 * MS) for i in range(4)] == [False, False, True, True]


def test_players_are_summed_without_wrapping() -> None:
    plug = Plug(there=True)
    output = Output(plug, MonotonicClock())
    assert not plug.render(480, 0).any()
    first, second = Listener(), Listener()
    output.attach(first)
    output.attach(second)
    assert (plug.render(480, 0) == 32_767).all()
    output.detach(second)
    assert (plug.render(480, 0) == 20_000).all()
    output.close()


def test_a_missing_library_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    backend = PortAudioBackend(MonotonicClock())
    with pytest.raises(BackendUnavailable, match="apt install libportaudio2"):
        backend.start(Listener(), lambda why, again=False: None)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(BackendUnavailable, match=r"no sound (device named 'Nobody has this'|output)"):
        PortAudioBackend(MonotonicClock(), "Nobody has this").start(Listener(), lambda why, again=False: None)
