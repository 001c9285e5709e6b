"""V4L2's stateful decoders (Raspberry Pi 4's H.264, many ARM boards): our own client of the kernel's interface."""
