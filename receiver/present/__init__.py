"""Pictures and the user interface onto glass."""

import os

# pygame prints a greeting at import, on the same standard output as everything else.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
