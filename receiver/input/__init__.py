"""What drives the display: input events on devices of the kernel, and the TV over CEC. Hands' room."""
