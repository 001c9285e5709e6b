"""A device's picture as the stage takes it: with its frame's stamps, and its colours as the sender says, who knows
better than the device."""

from av import VideoFrame

from receiver.decode.ffmpeg import UNSPECIFIED
from receiver.decode.hdr import to_sdr
from receiver.decode.v4l2.formats import Meaning
from receiver.media import EncodedFrame, Picture, Stamps


def coloured(frame: EncodedFrame, out: VideoFrame, meaning: Meaning) -> Picture:
    """``frame``: which became the picture ``out``, whose colours mean what is in ``meaning`` where it doesn't say."""
    matrix, transfer, full_range = meaning
    if (said := frame.colours) is not None:
        matrix = matrix if said.matrix == UNSPECIFIED else said.matrix
        transfer = transfer if said.transfer == UNSPECIFIED else said.transfer
        full_range = full_range if said.full_range is None else said.full_range
    out.colorspace = matrix
    if full_range is not None:
        out.color_range = 2 if full_range else 1  # AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG
    stamps = Stamps(frame.capture_ns, frame.first_packet_ns, frame.complete_ns)
    shown = to_sdr(out, transfer)
    return Picture(frame.stream, frame.timestamp, shown.width, shown.height, shown, stamps)
