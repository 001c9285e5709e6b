"""Stream keys: found by their text alone, kept as hashes, bounded, expired and revoked."""

import stat
from pathlib import Path

import pytest

from receiver.trust.limits import KEY_BURST, KEY_EVERY, KeyTries, Locked
from receiver.trust.stream_keys import DAY_S, MAX_KEYS, MAX_KEYS_PER_DEVICE, NAME, StreamKeys, TooManyKeys

NOW = 1_800_000_000


def test_a_key_opens_until_it_expires_and_its_text_is_nowhere(tmp_path: Path) -> None:
    keys = StreamKeys(tmp_path)
    text, key = keys.make("Camera", "", 2, NOW)
    assert text.startswith("ddp_")
    assert keys.find(text, NOW) == key
    assert keys.find(text[:-1] + "_", NOW) is None
    assert text not in (tmp_path / NAME).read_text()
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    again = StreamKeys(tmp_path)
    found = again.find(text, NOW + 2 * DAY_S - 1)
    assert found == key
    assert again.find(text, NOW + 2 * DAY_S) is None
    assert again.all(NOW + 2 * DAY_S) == []


def test_use_is_noted_and_a_revoked_key_is_gone(tmp_path: Path) -> None:
    keys = StreamKeys(tmp_path)
    text, key = keys.make("Camera", "", 90, NOW)
    keys.note_use(key, NOW + 61)
    for kept in (keys, StreamKeys(tmp_path)):
        found = kept.get(key.id)
        assert found is not None
        assert found.used == NOW + 61
    assert keys.revoke(key.id)
    assert not keys.revoke(key.id)
    assert StreamKeys(tmp_path).find(text, NOW) is None


def test_there_are_so_many_at_most(tmp_path: Path) -> None:
    keys = StreamKeys(tmp_path)
    for _ in range(MAX_KEYS_PER_DEVICE):
        keys.make("Mine", "me", 90, NOW)
    with pytest.raises(TooManyKeys, match="This device has"):
        keys.make("Mine", "me", 90, NOW)
    for _ in range(MAX_KEYS - MAX_KEYS_PER_DEVICE):
        keys.make("Ours", "", 90, NOW)
    with pytest.raises(TooManyKeys, match="This display has"):
        keys.make("Ours", "", 90, NOW)
    keys.make("Later", "", 1, NOW + 91 * DAY_S)


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / NAME).write_text('[{"hash": "no"}]')
    assert StreamKeys(tmp_path).all(NOW) == []
    assert "tools need new keys" in caplog.text


def test_a_guesser_is_locked_out_alone() -> None:
    tries = KeyTries()
    for _ in range(KEY_BURST):
        tries.check("mallory", 0)
        tries.failed("mallory", 0)
    with pytest.raises(Locked) as locked:
        tries.check("mallory", 0)
    assert locked.value.retry_after_s == 60
    tries.check("anna", 0)
    tries.check("mallory", KEY_EVERY)
