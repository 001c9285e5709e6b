"""What a display tells, line by line."""

import json
from pathlib import Path

import pytest

from tests.peers.cast import cast
from tests.peers.fake_box import Behaviour, fake_box

PIN = Behaviour().pin


async def test_a_publication_is_followed_until_ctrl_c(tmp_path: Path) -> None:
    async with fake_box() as tv, cast(tmp_path, "tail", tv.url, "streams", "7", '"x"', "--pin", PIN) as sender:
        lines = [json.loads(await sender.line()) for _ in range(2)]
        assert [line["method"] for line in lines] == ["data.added", "data.ready"]
        assert lines[0]["params"]["fields"] == {"asked": [7, "x"]}
        sender.interrupt()
        assert await sender.ends() == 0


async def test_a_publication_that_is_not_given_ends_it(tmp_path: Path) -> None:
    async with fake_box() as tv, cast(tmp_path, "tail", tv.url, "secrets", "--pin", PIN) as sender:
        assert [json.loads(line)["method"] for line in (await sender.output()).splitlines()][-1] == "data.nosub"
        assert await sender.ends() == 1
        assert "The display gives no secrets" in sender.told


@pytest.mark.parametrize("words", ["send x method []", "test x --size 9x9", "test x --fps 0", "cast x"])
async def test_wrong_usage_is_told_before_anything_is_done(tmp_path: Path, words: str) -> None:
    async with cast(tmp_path, *words.split()) as sender:
        assert await sender.ends() == 2
    assert "usage: scripts/cast" in sender.told
    assert not any(tmp_path.iterdir())
