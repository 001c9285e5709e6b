"""Command lines of the processes, from the configuration and the board."""

import logging

from receiver import board
from receiver.config import Config
from receiver.errors import ConfigError

log = logging.getLogger(__name__)


def stage_arguments(config: Config, profile: board.Profile | None = None) -> tuple[str, ...]:
    """The stage's command line, without the link."""
    output = config.output
    arguments = [f"--name={config.display.name}", "--output", output.kind, "--sound", config.sound.device]
    if output.kind in ("auto", "headless"):
        arguments += ["--size", f"{output.width}x{output.height}"]
    if output.fullscreen:
        arguments.append("--fullscreen")
    for option, value in (("--connector", output.connector), ("--mode", output.mode), ("--rotate", output.rotate)):
        if value:
            arguments += [option, str(value)]
    if not output.film_rate:
        arguments.append("--keep-rate")
    if not config.decode.hardware:
        arguments.append("--software")
    for codec, ways in (profile.ways() if profile else {}).items():
        arguments += ["--decode", f"{codec}={','.join(ways)}"]
    return tuple(arguments)


def this_board() -> board.Profile | None:
    """The profile of this machine. A broken one is told in the log and done without: a display must start."""
    try:
        return board.this()
    except ConfigError as error:
        log.warning("%s; every way to decode is tried", error)
        return None
