"""Screens and desktops, on device trees made for the purpose and real sockets."""

import socket
from pathlib import Path

from receiver.config.schema import Output
from receiver.doctor import display


def card(root: Path, status: str = "connected", name: str = "HDMI-A-1") -> None:
    (root / "dev/dri").mkdir(parents=True, exist_ok=True)
    (root / "dev/dri/card0").touch()
    connector = root / f"sys/class/drm/card0-{name}"
    connector.mkdir(parents=True)
    (connector / "status").write_text(status + "\n")
    (connector / "modes").write_text("1920x1080\n1280x720\n")


def test_a_connected_screen_is_named_with_its_mode(tmp_path: Path) -> None:
    card(tmp_path)
    assert (display.kms(tmp_path).state, display.kms(tmp_path).reason) == ("ok", "HDMI-A-1 1920x1080.")


def test_of_several_screens_one_shows(tmp_path: Path) -> None:
    card(tmp_path)
    card(tmp_path, name="HDMI-A-2")
    assert display.kms(tmp_path).reason == (
        "HDMI-A-1 1920x1080, HDMI-A-2 1920x1080. One of them shows: output.connector says which."
    )


def test_what_a_screen_may_lack_is_told_apart(tmp_path: Path) -> None:
    assert "no graphics device" in display.kms(tmp_path).reason
    card(tmp_path, "disconnected")
    assert display.kms(tmp_path).reason == "card0 has no screen connected."


def test_wayland_is_found_by_asking_it(tmp_path: Path) -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert display.window(environ).state == "missing"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "wayland-0"))
        listener.listen(1)
        assert display.window(environ).reason == "A Wayland desktop answers at wayland-0."


def test_x11_is_found_by_asking_it() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind("\0/tmp/.X11-unix/X65123")
        listener.listen(1)
        assert display.window({"DISPLAY": ":65123.0"}).state == "ok"
    gone = display.window({"DISPLAY": ":65123.0"})
    assert (gone.state, gone.reason) == ("missing", "DISPLAY=:65123.0 is set, but nothing answers there.")
    assert display.window({"DISPLAY": "elsewhere:0"}).state == "ok"


def test_no_desktop_is_not_a_fault() -> None:
    assert display.window({}).state == "off"


def test_headless_chosen_makes_a_screen_unneeded() -> None:
    screen, _, _, headless, _ = display.checks({}, Output(kind="headless"), 8080)
    assert screen.state in ("ok", "off")
    assert headless.reason == "Always possible, at 1280x720: look at http://localhost:8080/tv."


def test_fonts_are_named() -> None:
    assert display.fonts("/usr/share/fonts/opentype/inter/Inter-Medium.otf").state == "ok"
    assert display.fonts("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").reason.endswith("uses DejaVuSans.")
    assert display.fonts(None).remedy == "Run: apt install fonts-inter"


def test_what_keeps_sdl_from_stepping_in_is_told() -> None:
    assert display.kmsdrm(None).state == "ok"
    lacks = display.kmsdrm("this pygame has no driver; install python3-pygame")
    assert lacks.state == "off"
    assert lacks.reason.endswith("this pygame has no driver; install python3-pygame.")
