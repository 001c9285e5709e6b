"""Who is on the network and what it can do: SSDP and mDNS (DDP.md section 1)."""
