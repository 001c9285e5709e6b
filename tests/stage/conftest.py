"""Stages to test, and pictures to give them."""

from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest

from tests.peers.stage_process import StageProcess

Flat = Callable[..., np.ndarray]
StartStage = Callable[..., Awaitable[StageProcess]]


@pytest.fixture
def flat() -> Flat:
    """A picture of one luma."""

    def picture(value: int, width: int = 320, height: int = 180) -> np.ndarray:
        return np.full((height, width), value, np.uint8)

    return picture


@pytest.fixture
async def start_stage() -> AsyncIterator[StartStage]:
    """Starts stages, and leaves none behind."""
    stages: list[StageProcess] = []

    async def start(
        *extra: str,
        output: str = "headless",
        size: str = "640x360",
        sound: str = "null",
        module: str = "receiver.stage",
    ) -> StageProcess:
        options = ("--output", output, "--size", size, "--sound", sound, *extra)
        stage = await StageProcess.start(*options, module=module)
        stages.append(stage)
        await stage.is_ready()
        return stage

    yield start
    for stage in stages:
        await stage.kill()
