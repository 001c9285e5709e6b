"""Imported before all else: what makes the stage start sooner, for a picture is waiting for it.

pygame asks pkg_resources for the place of its icon and does without where that is missing; importing it takes a
quarter of the whole start. None in ``sys.modules`` is how Python itself says that a module can't be imported.
"""

import sys
from typing import cast

modules = cast(dict[str, object], sys.modules)
modules.setdefault("pkg_resources", None)
