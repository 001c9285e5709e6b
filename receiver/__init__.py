"""ddp-receiver: a cast receiver that turns a box with a screen into a display anyone in the room can cast to."""

__version__ = "0.1.0"
