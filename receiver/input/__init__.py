"""Remote input back to the sender's machine; its process, hands, comes with the box."""
