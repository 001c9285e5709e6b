"""A URL opened by FFmpeg's demuxers, of which only what a stream needs is let in.

Every HTTP request of theirs is made by ``url_http``; RTSP and RTMP go through a relay, SRT through libsrt. FFmpeg
itself may open nothing but that relay: no file, no other protocol, no playlist of another kind (``format_whitelist``).
"""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from receiver.errors import PeerError, ProtocolError
from receiver.ingest.url import Target, UrlRefused
from receiver.ingest.url_connect import Resolve, Unreachable, connect, resolve
from receiver.ingest.url_http import Http
from receiver.ingest.url_pace import Unit
from receiver.ingest.url_policy import Policy
from receiver.ingest.url_relay import Relay, RtspGuard
from receiver.ingest.url_srt import SrtFile
from receiver.ingest.url_track import Track, codec_of, name_of
from receiver.media import Codec

_FILES = "hls,mov,matroska,webm,mpegts,flv,avi,mp3,aac,ogg,wav"
_NOTHING = "none"
_PROBE = {"analyzeduration": "2000000", "probesize": "2000000"}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """What a source is. ``note`` says what of it can't be played."""

    mode: Literal["file", "live"]
    duration_ns: int | None
    seekable: bool
    video: Codec | None
    audio: Codec | None
    note: str


class Source:
    """One opened URL. Every method blocks, and is for one thread; ``abort`` is for any."""

    def __init__(self, target: Target, policy: Policy, codecs: tuple[Codec, ...], resolver: Resolve = resolve) -> None:
        self._target = target
        self._policy = policy
        self._codecs = codecs
        self._resolver = resolver
        self._closers: list[Callable[[], None]] = []
        self._relay: Relay | None = None
        self._container: InputContainer | None = None
        self._streams: dict[int, Track] = {}
        self.about: About

    def open(self) -> About:
        """Raises PeerError: UrlRefused, UrlForbidden, Unreachable."""
        with self._in_words():
            container = self._open()
            assert isinstance(container, InputContainer)
            self._container = container
            self.about = self._look(container)
        return self.about

    def _open(self) -> InputContainer | OutputContainer:
        """By options of the container alone: ``options`` are for its streams as well, of which FLV and MPEG-TS show
        more once they are looked at, and Debian 13's PyAV then frees what it never had."""
        scheme = self._target.scheme
        if scheme in ("http", "https"):
            http = Http(self._target, self._policy, self._resolver)
            persistence = {"http_persistent": "0", "http_multiple": "0"}  # else FFmpeg's HLS goes round our opener
            return av.open(
                self._target.url,
                container_options={
                    "format_whitelist": _FILES,
                    "protocol_whitelist": _NOTHING,
                    **persistence,
                    **_PROBE,
                },
                io_open=lambda url, flags, options: http.open(url),
                metadata_errors="replace",
            )
        if scheme == "srt":
            file = SrtFile(self._target, self._policy.admit(self._target.host, self._resolve()))
            self._closers.append(file.close)
            return av.open(
                file,
                format="mpegts",
                container_options={"protocol_whitelist": _NOTHING, **_PROBE},
                buffer_size=1316 * 8,
                metadata_errors="replace",
            )
        rtsp = scheme.startswith("rtsp")
        upstream = connect(self._target, self._policy, self._resolver)
        self._relay = relay = Relay(upstream, self._target.host, RtspGuard() if rtsp else None)
        self._closers.append(relay.close)
        options = _rtsp_options() if rtsp else _rtmp_options(self._target)
        return av.open(
            f"{'rtsp' if rtsp else 'rtmp'}://{self._credentials()}127.0.0.1:{relay.port}{self._target.path}",
            format="rtsp" if rtsp else "flv",
            container_options={**options, **_PROBE},
            metadata_errors="replace",
        )

    def _resolve(self) -> list[str]:
        return self._resolver(self._target.host, self._target.port)

    def _credentials(self) -> str:
        if not self._target.username:
            return ""
        return f"{quote(self._target.username, safe='')}:{quote(self._target.password, safe='')}@"

    def _look(self, container: InputContainer) -> About:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        if video is not None and codec_of(video) not in self._codecs:
            raise UrlRefused(
                f"The picture is encoded as {name_of(video)}, which this display can't decode; "
                f"{', '.join(codec for codec in self._codecs)} it can."
            )
        note = ""
        for stream in (video, audio):
            if stream is not None:
                try:
                    self._streams[stream.index] = Track(stream)
                except ProtocolError as error:
                    note = f"It plays without sound: {error}."
        if audio is not None and audio.index in self._streams and codec_of(audio) not in ("opus", "AAC", "MP3"):
            del self._streams[audio.index]
            note = (
                f"It plays without sound, which is encoded as {name_of(audio)}; this display decodes AAC, MP3 and Opus."
            )
        if not self._streams:
            raise UrlRefused("There is neither a picture nor sound at this address that this display can play.")
        if video is None:
            note = "It has sound alone."
        kept = self._streams.keys()
        duration = container.duration * 1000 if container.duration and container.duration > 0 else None
        paced = self._target.scheme in ("http", "https")
        return About(
            "file" if paced else "live",
            duration if paced else None,
            paced and duration is not None,
            codec_of(video) if video is not None else None,
            codec_of(audio) if audio is not None and audio.index in kept else None,
            note,
        )

    def read(self) -> Iterator[Unit]:
        """Packets in the order of decoding; pts and dts from the beginning of the stream. Raises PeerError."""
        assert self._container is not None, "open() comes before read()"
        start = (self._container.start_time or 0) * 1000
        with self._in_words():
            for packet in self._container.demux(*(track.stream for track in self._streams.values())):
                track = self._streams.get(packet.stream_index)
                if track is not None:
                    yield from track.units(packet, start)

    def seek(self, position_ns: int) -> None:
        """To the keyframe at or before the position, from the beginning. Raises PeerError."""
        assert self._container is not None, "open() comes before seek()"
        with self._in_words():
            self._container.seek(position_ns // 1000 + (self._container.start_time or 0))
        for track in self._streams.values():
            track.sought()

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        """FFmpeg's errors as sentences; what our own openers said goes first."""
        try:
            yield
        except PeerError:
            raise
        except (FFmpegError, OSError, ValueError, EOFError) as error:
            if self._relay is not None and self._relay.failure is not None:
                raise self._relay.failure from None
            log.info("%s: %s", self._target.shown, error)
            raise Unreachable(_sentence(self._target, error)) from None

    @property
    def failure(self) -> PeerError | None:
        """Why the stream ended, where it did not end by itself."""
        return None if self._relay is None else self._relay.failure

    def abort(self) -> None:
        """Make what blocks return."""
        for close in self._closers:
            close()

    def close(self) -> None:
        self.abort()
        if self._container is not None:
            self._container.close()


def _rtsp_options() -> dict[str, str]:
    return {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtp,tcp", "allowed_media_types": "video+audio"}


def _rtmp_options(target: Target) -> dict[str, str]:
    """The relay's port must not show in what the server is told (tcUrl, Adobe RTMP 1.0, section 7.2.1.1)."""
    application = target.path.partition("?")[0].strip("/").partition("/")[0]
    return {
        "protocol_whitelist": "rtmp,tcp",
        "rtmp_tcurl": f"rtmp{'s' if target.secure else ''}://{target.authority}/{application}",
    }


def _sentence(target: Target, error: Exception) -> str:
    if isinstance(error, ValueError):  # FFmpeg's "invalid data", or "invalid argument": not in format_whitelist
        return f"What {target.host} sends is no film or stream that this display knows."
    if isinstance(error, (av.error.HTTPUnauthorizedError, PermissionError)):
        return f"{target.host} asks for a name and a password: put them in the address, before the host and an @."
    if isinstance(error, (av.error.HTTPNotFoundError, FileNotFoundError)):
        return f"{target.host} has nothing at that address."
    return f"{target.host} ended the stream, or gives none at that address ({type(error).__name__})."
