"""What an owner configures of the output reaches the stage by its command line."""

from dataclasses import replace

from receiver.config import Config
from receiver.launch import stage_arguments
from receiver.present.drm.modes import Wanted
from receiver.stage.__main__ import arguments


def test_the_outputs_keys_arrive() -> None:
    config = Config()
    chosen = replace(config.output, connector="HDMI-A-2", mode="1920x1080@50", rotate=90, film_rate=False)
    options = arguments(["--link-fd", "3", *stage_arguments(replace(config, output=chosen))])
    assert (options.connector, options.mode) == ("HDMI-A-2", Wanted(1920, 1080, 50_000))
    assert (options.rotate, options.keep_rate) == (90, True)
    assert options.name == config.display.name


def test_of_itself_the_screen_follows_films() -> None:
    options = arguments(["--link-fd", "3", *stage_arguments(Config())])
    assert (options.connector, options.mode, options.rotate, options.keep_rate) == ("", None, 0, False)
