"""The sound that is played carries the sender's tone, in step with the picture."""

import statistics
import time
from pathlib import Path

import numpy as np

from receiver.link import TapSound
from tests.peers import pattern
from tests.peers.box import Sample, box, collect, readings
from tests.peers.person import pair, pattern_browser, share

EARLIEST_MS, LATEST_MS = -45, 185
"""Sound that is earlier is noticed, sound that is later is found unacceptable (ITU-R BT.1359-1)."""


def heard_ages(samples: list[Sample]) -> list[float]:
    """For each tone heard: ms from the whole second at which the sender began it to when it left the loudspeaker."""
    blocks = [sample for sample in samples if isinstance(sample, TapSound)]
    mono_to_wall = time.time_ns() - time.monotonic_ns()
    starts = np.cumsum([0, *(len(block.samples) // 4 for block in blocks)])
    sound = np.concatenate([np.frombuffer(block.samples, np.int16)[::2] for block in blocks]) / 32768
    ages = []
    for onset in pattern.tone_onsets(sound):
        block = int(np.searchsorted(starts, onset, "right")) - 1
        heard_ns = blocks[block].heard_ns + (onset - int(starts[block])) * 1_000_000_000 // pattern.RATE
        ages.append((heard_ns + mono_to_wall) / 1e6 % 1000)
    return ages


async def test_the_tone_is_heard_in_step_with_the_picture(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await share(await pair(browser, tv))
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        async with tv.tap() as tap:
            await collect(tap, 4)
            samples = await collect(tap, 6)
    sound, picture = heard_ages(samples), [age for age, _ in readings(samples)]
    skew = statistics.median(sound) - statistics.median(picture)
    print(f"sound {[round(age) for age in sound]} ms, picture {statistics.median(picture):.0f} ms, skew {skew:.0f} ms")
    assert len(sound) >= 4
    assert EARLIEST_MS < skew < LATEST_MS
