"""One stream of a container: its packets made to stand alone, as the stage wants them."""

from collections.abc import Iterator
from typing import Any, Literal

from av.bitstream import BitStreamFilterContext

from receiver.ingest.url_adts import AdtsHeader
from receiver.ingest.url_pace import Unit
from receiver.media import Codec, Colours

CODECS: dict[str, Codec] = {
    "h264": "H264",
    "hevc": "H265",
    "vp8": "VP8",
    "vp9": "VP9",
    "av1": "AV1",
    "opus": "opus",
    "aac": "AAC",
    "mp3": "MP3",
}
"""FFmpeg's names of what the stage may know."""

MAX_PACKET = 12 * 1024 * 1024
"""Bytes; a link carries 16 MiB, and no picture of a stream that can be played is near it."""

_WITHOUT_COLOURS = ("vp8", "vp9")
"""What can't say in its bitstream whether it is HDR; the container does."""

_START_CODES = (b"\0\0\1", b"\0\0\0\1")
_ANNEX_B = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}


class Track:
    """One stream of a container, its packets made to stand alone. Raises ProtocolError where they can't."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._kind: Literal["video", "audio"] = "video" if stream.type == "video" else "audio"
        self._extradata = bytes(stream.codec_context.extradata or b"")
        self._filter: BitStreamFilterContext | None = None
        self._adts: AdtsHeader | None = None
        self._name = name_of(stream)
        packed = bool(self._extradata) and not self._extradata.startswith(_START_CODES)
        if self._name in _ANNEX_B and packed:
            self._filter = BitStreamFilterContext(_ANNEX_B[self._name], stream)
        elif self._name == "aac" and self._extradata:
            self._adts = AdtsHeader(self._extradata)
        self._colours = colours_of(stream.codec_context) if self._name in _WITHOUT_COLOURS else None
        self._skip_before: int | None = None
        self._fresh = True

    def sought(self) -> None:
        """What comes next does not follow what came last."""
        self._fresh = True
        if self._filter is not None:
            self._filter.flush()

    def units(self, packet: Any, start_ns: int) -> Iterator[Unit]:
        if not 0 < packet.size <= MAX_PACKET:
            return
        for whole in self._filter.filter(packet) if self._filter is not None else (packet,):
            unit = self._unit(whole, start_ns)
            if unit is not None and not self._leads(unit):
                yield unit

    def _unit(self, packet: Any, start_ns: int) -> Unit | None:
        pts = packet.pts if packet.pts is not None else packet.dts
        base = packet.time_base or self.stream.time_base  # PyAV before 18 forgets it in a filter
        if pts is None or base is None:
            return None
        dts = packet.dts if packet.dts is not None else pts
        tick = base * 1_000_000_000
        data = bytes(packet)
        if self._adts is not None:
            data = self._adts.stand_alone(data)
        elif packet.is_keyframe and self._name in _ANNEX_B and self._filter is None and self._extradata not in data:
            data = self._extradata + data
        times = int(pts * tick) - start_ns, int(dts * tick) - start_ns
        return Unit(self._kind, *times, data, packet.is_keyframe, self._colours)

    def _leads(self, unit: Unit) -> bool:
        """Whether it is shown before the keyframe that we came in by, and so needs pictures from before it."""
        if unit.kind == "audio":
            return False
        if self._fresh and unit.keyframe:
            self._fresh, self._skip_before = False, unit.pts_ns
        elif self._fresh:
            return True
        return self._skip_before is not None and unit.pts_ns < self._skip_before


def codec_of(stream: Any) -> Codec | None:
    return CODECS.get(name_of(stream).lower())


def colours_of(context: Any) -> Colours | None:
    """What a container says of a stream's colours, if anything."""
    codes = context.color_primaries, context.color_trc, context.colorspace
    full = {1: False, 2: True}.get(context.color_range)  # AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG
    return Colours(*codes, full) if any(code != 2 for code in codes) or full is not None else None


def name_of(stream: Any) -> str:
    """FFmpeg's name of the format, whoever decodes it: ``libdav1d`` decodes ``av1``."""
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else "something unknown"
