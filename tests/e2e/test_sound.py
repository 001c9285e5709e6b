"""The sound that is played carries the sender's tone, in step with the picture."""

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from receiver.link import TapSound
from tests.peers import pattern
from tests.peers.box import CONFIG, Sample, box, collect, readings
from tests.peers.person import pair, pattern_browser, share

IN_STEP_MS = 20
PATIENCE_S = 40
"""The sound moves to its place within seconds where the machine lets it; a busy one takes longer to be steady."""


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


@pytest.mark.parametrize("mode", ["interactive", pytest.param("smooth", marks=pytest.mark.long)])
async def test_the_tone_is_heard_within_twenty_milliseconds_of_the_picture(tmp_path: Path, mode: str) -> None:
    async with box(tmp_path, config=f'{CONFIG}\n[pace]\nmode = "{mode}"\n') as tv, pattern_browser() as browser:
        await share(await pair(browser, tv))
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        deadline = time.monotonic() + PATIENCE_S
        async with tv.tap() as tap:
            while time.monotonic() < deadline:
                samples = await collect(tap, 4)
                sound, picture = heard_ages(samples), [age for age, _ in readings(samples)]
                if len(sound) < 3:
                    continue
                skew = statistics.median(sound) - statistics.median(picture)
                print(f"sound {statistics.median(sound):.0f} ms, picture {statistics.median(picture):.0f} ms")
                if abs(skew) <= IN_STEP_MS:
                    return
    pytest.fail(f"sound and picture are {skew:.0f} ms apart")
