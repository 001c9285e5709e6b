"""Which device files may be a codec, found without opening them: to open a camera's may light its lamp.

Two things are known of a device beforehand. A codec hangs on the machine's own buses, and webcams on USB. And udev has
asked each device what it can do when it came (v4l_id): what gives pictures and takes none is a camera.
"""

from pathlib import Path

DEV, SYSFS, UDEV = Path("/dev"), Path("/sys/class/video4linux"), Path("/run/udev/data")
_ABLE = "E:ID_V4L_CAPABILITIES="


def nodes(dev: Path = DEV, sysfs: Path = SYSFS, udev: Path = UDEV) -> list[Path]:
    """Device files in the order of their numbers; those of which nothing is known too."""
    found = sorted(dev.glob("video*"), key=lambda path: (len(path.name), path.name))
    return [path for path in found if not _is_camera(sysfs / path.name, udev)]


def _is_camera(known: Path, udev: Path) -> bool:
    if (known / "device/subsystem").resolve().name == "usb":
        return True
    try:
        record = (udev / f"c{(known / 'dev').read_text().strip()}").read_text("utf-8", "replace")
    except OSError:
        return False
    able = next((line.removeprefix(_ABLE) for line in record.splitlines() if line.startswith(_ABLE)), "").split(":")
    return "capture" in able and "video_output" not in able
