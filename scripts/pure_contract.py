"""The import contract of pure files: the mark is the word "Pure." in a file's docstring.

A list in pyproject.toml would be forgotten; a mark in the file is seen by whoever edits it.
"""

import ast
from pathlib import Path
from typing import Any

from importlinter.contracts.forbidden import ForbiddenContract

ROOT = Path(__file__).parents[1]
MARK = "Pure."


def pure_modules(package: str = "receiver") -> list[str]:
    """Dotted names of the files of ``package`` that say they are pure."""
    files = sorted((ROOT / package).rglob("*.py"))
    return [_dotted(file) for file in files if MARK in (ast.get_docstring(ast.parse(file.read_bytes())) or "")]


def _dotted(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


class PureContract(ForbiddenContract):
    """``forbidden_modules`` may not be imported by any marked file, nor by anything that such a file imports."""

    def __init__(self, name: str, session_options: dict[str, Any], contract_options: dict[str, Any]) -> None:
        super().__init__(name, session_options, {**contract_options, "source_modules": pure_modules()})
