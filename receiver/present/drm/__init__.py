"""The kernel's display interface, spoken directly: the ioctls and structs of its uapi headers."""
