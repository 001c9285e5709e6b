"""The control protocol: JSON-RPC over one WebSocket (DDP.md sections 2 and 3)."""
