"""Configuration: one frozen tree from TOML (docs/configuration.md).

``load`` finds, reads and checks the file. Only this package knows where files and defaults come from.
"""

from collections.abc import Mapping
from pathlib import Path

from receiver.config.machine import config_files
from receiver.config.reader import parse
from receiver.config.schema import Config
from receiver.errors import ConfigError

__all__ = ["Config", "load", "parse"]


def load(path: Path | None = None, overrides: Mapping[str, object] | None = None) -> Config:
    """The configuration from ``path``, or from the first file of the search order, or all defaults.

    ``overrides`` maps dotted keys (``http.port``) to values from the command line. Raises ConfigError.
    """
    if path is None:
        path = next((file for file in config_files() if file.exists()), None)
    if path is None:
        return parse("", "the command line", overrides)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: byte {error.start} can't be read") from error
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    return parse(text, str(path), overrides, path)
