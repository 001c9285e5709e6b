"""Sessions and media streams as pure state machines (DDP.md section 5)."""
