"""Pictures scaled to their place, and brought into the pixels of what shows them, by FFmpeg's swscale.

PyAV's own scaler shares a picture among threads. One from before version 17 (Debian 13's, for the sake of VA-API) does
not, leaves no room behind a picture's last row, where swscale writes in blocks, and overlooks a picture's range where
both matrices are the same: there FFmpeg's filter does the work, whose pictures have room.
"""

import av
from av import VideoFrame
from av.filter import Graph
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from receiver.present.turn import filters

THREADED = int(av.__version__.split(".")[0]) >= 17
BLOCK = 16
"""Pixels that swscale writes at once. Where a row ends within a block it goes on into the row below, over what another
of its threads may have written there: such a picture is one thread's."""
BT2020 = 9
"""SWS_CS_BT2020, which Debian 13's PyAV has no name for."""
NAMES: dict[int, str] = {
    Colorspace.ITU709: "bt709",
    Colorspace.ITU601: "bt601",
    Colorspace.SMPTE240M: "smpte240m",
    BT2020: "bt2020",
}
"""Of the matrices, as the filter calls them."""


class Scaler:
    """One stream's: it keeps swscale's tables for one pair of sizes."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._made_for: object = None
        self._graph: Graph

    def scale(self, frame: VideoFrame, size: tuple[int, int], pixels: str, matrix: int | None = None) -> VideoFrame:
        """The picture in this size (width, height). ``matrix``, a key of ``NAMES``, is that of its YUV, for ``pixels``
        that are RGB of full range. Without it they are YUV as well, and colours stay as they are."""
        larger = size[0] > frame.width
        if not THREADED:
            return self._filtered(frame, size, pixels, matrix, "bicubic" if larger else "bilinear")
        given = ColorRange(frame.color_range) if frame.color_range else ColorRange.MPEG
        return self._reformatter.reformat(
            frame,
            *size,
            pixels,
            src_colorspace=matrix,
            src_color_range=given,
            dst_color_range=given if matrix is None else ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC if larger else Interpolation.BILINEAR,
            threads=1 if size[0] % BLOCK else 0,
        )

    def _filtered(
        self, frame: VideoFrame, size: tuple[int, int], pixels: str, matrix: int | None, method: str
    ) -> VideoFrame:
        given = "full" if frame.color_range == ColorRange.JPEG else "limited"
        key = (frame.width, frame.height, frame.format.name, size, pixels, matrix, given)
        if key != self._made_for:
            colours = f"in_range={given}:out_range={given if matrix is None else 'full'}"
            if matrix is not None:
                colours += f":in_color_matrix={NAMES[matrix]}"
            scale = ("scale", f"w={size[0]}:h={size[1]}:flags={method}:{colours}")
            self._graph, self._made_for = filters(frame, (scale, ("format", pixels))), key
        self._graph.push(frame)
        scaled = self._graph.pull()
        assert isinstance(scaled, VideoFrame)
        return scaled
