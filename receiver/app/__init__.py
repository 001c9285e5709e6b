"""The app process: composition of HTTP, DDP, discovery, keys and sessions."""
