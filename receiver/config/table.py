"""The configuration as text: the table of docs/configuration.md, and the values in effect as TOML."""

from receiver.config.key import toml
from receiver.config.schema import KEYS, SECTIONS, Config


def table() -> str:
    """One row for each key, as Markdown."""
    rows = ["| key | default | must be | unit | why |", "| --- | --- | --- | --- | --- |"]
    for key in KEYS.values():
        default = key.default_text if " " in key.default_text else f"`{key.default_text}`"
        rows.append(f"| `{key.name}` | {default} | {key.bound.phrase} | {key.unit} | {key.why} |")
    return "\n".join(rows) + "\n"


def effective(config: Config) -> str:
    """What is in effect, as a TOML file that would give the same."""
    lines = [f"# read from {config.source}" if config.source else "# no configuration file: all defaults"]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        values = getattr(config, section)
        lines += [f"{name} = {toml(getattr(values, name))}" for name in values.__dataclass_fields__]
    return "\n".join(lines) + "\n"
