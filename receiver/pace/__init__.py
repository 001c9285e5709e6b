"""When each picture is shown (DDP.md section 8)."""
