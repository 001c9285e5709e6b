"""What a display can be told to do (DDP.md section 6): the registry, and the verbs that are in it. Pure.

One class is one command. Its annotations are its schema; from them come validation (``registry``), JSON Schema
(``schema``), the table of docs/commands.md (``table``) and the console's form.
"""

from receiver.ddp.commands import verbs as verbs  # registers them
from receiver.ddp.commands.registry import COMMANDS, PREFIX, Command, Spec, command, read

__all__ = ["COMMANDS", "PREFIX", "Command", "Spec", "command", "read", "verbs"]
