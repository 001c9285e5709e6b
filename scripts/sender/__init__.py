"""A sender for the command line, and the protocol's reference client: scripts/cast."""
