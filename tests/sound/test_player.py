"""A stream's whole way through the player, on a fake clock."""

import random

import numpy as np

from tests.sound.conftest import World

MS = 1_000_000
TONE = 60
"""The largest change of slope of the world's tone: 33, and what rounding adds."""
SOFT = 1_200
"""Twice the tone's steepest slope: no step, only a bend. A cut is up to 10,000."""


def click(sound: np.ndarray) -> int:
    """The largest change of slope from one sample to the next."""
    return int(np.abs(np.diff(sound, 2)).max())


def test_a_steady_stream_is_heard_whole_and_without_a_click(world: type[World]) -> None:
    w = world()
    w.run(5)
    stats = w.stats()
    assert stats["underruns"] == 0
    assert stats["resyncs"] == 0
    assert not any(stats["dropped"].get(cause) for cause in ("sound_late", "sound_overflow"))
    sound = w.sound()
    assert np.abs(sound[96_000:]).max() > 9_900
    assert click(sound[96_000:]) < TONE
    assert stats["buffered_ms"] < 60


def test_drift_is_followed_without_drops(world: type[World]) -> None:
    for ppm in (200, -200):
        w = world(ppm=ppm, captured=True)
        w.player.set_video_delay(120 * MS)
        w.run(60)
        stats = w.stats()
        assert stats["underruns"] == 0
        assert max(abs(offset) for offset in w.offsets[2000:]) < 5
        assert abs(stats["drift_ppm"] + ppm) < 60
        assert click(w.sound()[96_000:]) < TONE


def test_jitter_is_absorbed_once_it_is_known(world: type[World]) -> None:
    rng = random.Random(7)
    w = world(network=lambda i: 20 * MS + rng.randrange(60 * MS))
    w.run(20)
    before = w.stats()["underruns"]
    w.run(60)
    stats = w.stats()
    assert stats["underruns"] - before <= 1
    assert 40 < stats["jitter_ms"] < 70
    assert max(w.levels) < 200


def test_a_stall_is_counted_once_and_leaves_no_delay_behind(world: type[World]) -> None:
    w = world(network=lambda i: 20 * MS + (max(0, 2000 - (i - 500) * 20) * MS if i >= 500 else 0))
    w.run(30)
    stats = w.stats()
    assert stats["underruns"] == 1
    assert max(w.levels) < 1600
    assert w.levels[-1] < 60
    assert click(w.sound()) < SOFT


def test_a_gap_fades_to_silence_and_back(world: type[World]) -> None:
    w = world(network=lambda i: None if 200 <= i < 205 else 20 * MS)
    w.run(8)
    sound = w.sound()
    assert w.stats()["underruns"] <= 1
    assert click(sound) < SOFT
    quiet = np.convolve(np.abs(sound[96_000:]), np.ones(480), "valid") == 0
    assert 30 < quiet.sum() / 48 < 80, "of 100 ms, without what is carried on for 40"


def test_capture_times_that_appear_later_move_the_sound_without_a_click(world: type[World]) -> None:
    for delay in (80, 300):
        w = world()
        w.run(3)
        w.captured = True
        w.player.set_video_delay(delay * MS)
        w.run(30)
        assert abs(w.offsets[-1]) < 5 or (delay == 80 and w.offsets[-1] < 15)
        assert click(w.sound()) < SOFT


def watch(w: World, natural: int, seconds: int) -> int:
    """Show pictures that take ``natural`` ns and what the sound asks for; returns the last hold in ns."""
    hold = w.player.wanted_hold_ns()
    for _ in range(seconds * 10):
        w.player.set_video_delay(natural + hold)
        w.run(0.1)
        hold = w.player.wanted_hold_ns()
    return hold


def test_lips_are_in_sync_within_twenty_milliseconds_where_the_picture_may_wait(world: type[World]) -> None:
    w = world(captured=True, network=lambda i: 20 * MS)
    hold = watch(w, 30 * MS, 40)
    assert 0 <= w.offsets[-1] < 20
    assert 0 < hold < 60 * MS


def test_a_picture_waits_for_late_sound_but_never_longer_than_it_may(world: type[World]) -> None:
    w = world(captured=True, network=lambda i: 500 * MS, max_hold=60 * MS)
    assert watch(w, 30 * MS, 40) == 60 * MS
    w.network = lambda i: 0
    assert watch(w, 60 * MS, 90) == 0


def test_no_picture_waits_for_silence(world: type[World]) -> None:
    w = world(captured=True, network=lambda i: 60 * MS, volume=0)
    assert watch(w, 30 * MS, 20) == 0
    w.volume = 10_000
    assert watch(w, 30 * MS, 40) > 20 * MS
    assert w.offsets[-1] < 20
    w.volume = 0
    assert watch(w, 30 * MS, 60) < 1 * MS


def test_sound_follows_the_picture_and_asks_it_to_wait(world: type[World]) -> None:
    w = world(captured=True, network=lambda i: 160 * MS)
    hold = watch(w, 30 * MS, 40)
    assert 0 <= w.offsets[-1] < 20
    assert 130 * MS < hold < 200 * MS
    for _ in range(600):
        w.player.set_video_delay(400 * MS + hold)
        w.run(0.1)
        hold = w.player.wanted_hold_ns()
    assert hold < 1 * MS
    assert abs(w.offsets[-1]) < 5
    assert click(w.sound()) < SOFT
    w.player.set_video_delay(None)
    assert w.player.wanted_hold_ns() == 0


def test_where_it_is_silent_sound_moves_to_its_place_at_once(world: type[World]) -> None:
    for before, after in ((150, 210), (210, 150)):
        w = world(captured=True, volume=0)
        w.player.set_video_delay(before * MS)
        w.run(3)
        w.player.set_video_delay(None)
        w.player.set_video_delay(after * MS)
        w.run(0.3)
        assert abs(w.offsets[-1]) < 11
        assert w.stats()["resyncs"] == 0


def test_a_packet_that_comes_too_late_is_hardly_heard(world: type[World]) -> None:
    w = world(network=lambda i: (20 if i % 400 != 250 else 34) * MS)
    w.run(30)
    stats = w.stats()
    assert 2 <= stats["underruns"] <= 4, "the others do not wait for so few"
    assert stats["jitter_ms"] < 15
    assert click(w.sound()) < SOFT
    loud = np.convolve(np.abs(w.sound()[48_000:]), np.ones(480) / 480, "valid")
    assert loud.min() > 4_000, "the tone goes on"


def test_trouble_that_is_over_is_forgotten_within_seconds(world: type[World]) -> None:
    w = world(network=lambda i: 20 * MS + (200 * MS if 50 < i < 200 and i % 5 == 0 else 0))
    w.run(4)
    assert w.stats()["jitter_ms"] > 100
    w.run(7)
    assert w.stats()["jitter_ms"] < 15


def test_pause_is_silent_keeps_nothing_and_resumes_in_place(world: type[World]) -> None:
    w = world(captured=True)
    w.player.set_video_delay(150 * MS)
    w.run(3)
    w.player.paused = True
    w.run(0.1)
    w.heard.clear()
    w.run(2)
    assert not w.sound().any()
    assert w.stats()["buffered_ms"] == 0
    w.player.paused = False
    w.run(3)
    assert abs(w.offsets[-1]) < 5
    assert np.abs(w.sound()).max() > 9_900
    assert click(w.sound()) < SOFT
    assert w.stats()["underruns"] == 0


def test_volume_and_mute_ramp(world: type[World]) -> None:
    w = world()
    w.run(2)
    w.player.volume = 0.5
    w.run(1)
    assert 4_800 < np.abs(w.sound()[-24_000:]).max() < 5_100
    w.player.muted = True
    w.run(1)
    assert not w.sound()[-24_000:].any()
    assert click(w.sound()) < SOFT


def test_a_timeline_that_moves_is_followed(world: type[World]) -> None:
    w = world(network=lambda i: 20 * MS + (3_000 * MS if i > 300 else 0))
    w.run(20)
    assert np.abs(w.sound()[-4_800:]).max() > 9_900
    assert w.levels[-1] < 60


def test_tap_shows_what_is_heard_and_when(world: type[World]) -> None:
    w = world()
    blocks: list[tuple[int, int, bytes]] = []
    w.player.set_tap(lambda timestamp, heard, samples: blocks.append((timestamp, heard, samples)))
    w.run(2)
    timestamps, heard, samples = zip(*blocks, strict=True)
    assert set(np.diff(heard)) == {10 * MS}
    assert all(474 <= step <= 486 for step in np.diff(timestamps))
    assert {len(block) for block in samples} == {480 * 4}
    w.player.set_tap(None)
    w.run(1)
    assert len(blocks) == len(samples)


def test_a_closed_player_leaves_the_sink(world: type[World]) -> None:
    w = world()
    w.player.close()
    assert w.card.renders == []
