"""The benchmark of the control and data layers still runs; what it measures in so short a time says nothing."""

import pytest

from tests.bench import ddp

pytestmark = pytest.mark.long


async def test_every_figure_is_there() -> None:
    found = await ddp.bench(ddp.options(["--seconds", "0.2", "--subscribers", "14"]))
    assert all(value > 0 for name, value in found.items() if "memory" not in name), found
    assert "ours/theirs" in ddp.table(found)
