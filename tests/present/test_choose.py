"""Which output, and the sentence that says why."""

from pathlib import Path

import pytest

from receiver.errors import BackendUnavailable
from receiver.present.choose import DEFAULT_SIZE, open_presenter


def test_headless_where_there_is_nothing(tmp_path: Path) -> None:
    presenter, reason = open_presenter("auto", None, {}, dri=tmp_path)
    assert presenter.output == "headless"
    assert presenter.size == DEFAULT_SIZE
    assert reason == "Headless, because there is neither a display device nor a desktop session."


def test_a_display_device_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "card0").touch()
    presenter, reason = open_presenter("auto", (64, 48), {}, dri=tmp_path)
    assert presenter.output == "headless"
    assert presenter.size == (64, 48)
    assert reason == f"Headless, because {tmp_path}/card0 drives no screens (a graphics card for rendering only)."


def test_what_is_asked_for(tmp_path: Path) -> None:
    presenter, reason = open_presenter("headless", None, {"DISPLAY": ":0"}, dri=tmp_path)
    assert presenter.output == "headless"
    assert "as asked for" in reason
    with pytest.raises(BackendUnavailable, match=r"no display device .*or use headless"):
        open_presenter("kms", None, {}, dri=tmp_path)
    with pytest.raises(BackendUnavailable, match="neither DISPLAY nor WAYLAND_DISPLAY"):
        open_presenter("window", None, {}, dri=tmp_path)


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPLAY", "unix:nowhere")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(BackendUnavailable, match="DISPLAY"):
        open_presenter("window", None, {"DISPLAY": "unix:nowhere"}, dri=tmp_path)
    presenter, reason = open_presenter("auto", None, {"DISPLAY": "unix:nowhere"}, dri=tmp_path)
    assert presenter.output == "headless"
    assert reason.startswith("Headless, because no window could be opened")
