"""A copy of the screen as PNG or JPEG, by FFmpeg's encoders, which release the interpreter lock."""

from fractions import Fraction
from typing import Literal

import av
import numpy as np
import pygame
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation

ENCODERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "png": ("png", "rgb24", {"compression_level": "3"}),
    "jpeg": ("mjpeg", "yuvj420p", {"qmin": "2", "qmax": "4"}),
}


def encode(surface: pygame.Surface, max_width: int, image_format: Literal["png", "jpeg"]) -> tuple[bytes, int, int]:
    """Image bytes, width and height; scaled down, in shape, where ``max_width`` > 0 is less than the surface's."""
    width, height = surface.get_size()
    pixels = np.ascontiguousarray(pygame.surfarray.pixels2d(surface).T).view(np.uint8).reshape(height, width * 4)
    order = "bgra" if surface.get_masks()[0] == 0xFF0000 else "rgba"
    frame = av.VideoFrame.from_ndarray(pixels.reshape(height, width, 4), order)
    if 0 < max_width < width:
        height = max(2, 2 * round(height * max_width / width / 2))
        width = max_width
    codec, pixel_format, options = ENCODERS[image_format]
    full = frame.reformat(
        width,
        height,
        pixel_format,
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.AREA,
    )
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, pixel_format
    context.time_base, context.options = Fraction(1, 1), options
    full.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(full), *context.encode(None)]), width, height
