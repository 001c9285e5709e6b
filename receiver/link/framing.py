"""Messages as bytes, and back. Pure."""

import struct

import msgspec

from receiver.errors import ReceiverError
from receiver.link.admin import (
    AdminDevices,
    AdminDevicesReply,
    AdminKeys,
    AdminKeysReply,
    AdminStatus,
    AdminStatusReply,
)
from receiver.link.hands import (
    HandsReady,
    HandsTrouble,
    Inject,
    LetGo,
    LocalEvent,
    LocalKey,
    SetUpHands,
    SetUpTv,
    TurnTv,
    TvKey,
    TvState,
    WatchingLocal,
    WatchLocal,
)
from receiver.link.intake import (
    AttachStage,
    IntakeReady,
    IntakeStats,
    QuicOpen,
    QuicOpened,
    RtcAnswer,
    RtcCandidate,
    RtcOffer,
    RtcRefused,
    StopIntake,
    TransportState,
    UrlCommand,
    UrlOpen,
    UrlState,
)
from receiver.link.stage import (
    AttachStream,
    DetachStream,
    KeyframeRequest,
    Scene,
    SetLayout,
    SetPaused,
    SetPicture,
    SetTap,
    SetVolume,
    Snapshot,
    StageReady,
    StreamLive,
    StreamStats,
    TakeSnapshot,
    TapPicture,
    TapSound,
)
from receiver.media import EncodedFrame

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes; a 4K snapshot as PNG is the largest thing that crosses a link."""

_LENGTH = struct.Struct("<I")

Message = (
    Scene
    | AttachStream
    | DetachStream
    | SetPaused
    | SetPicture
    | SetVolume
    | SetLayout
    | TakeSnapshot
    | SetTap
    | StageReady
    | StreamStats
    | StreamLive
    | Snapshot
    | TapPicture
    | TapSound
    | KeyframeRequest
    | RtcOffer
    | RtcCandidate
    | AttachStage
    | StopIntake
    | UrlOpen
    | UrlCommand
    | IntakeReady
    | QuicOpen
    | QuicOpened
    | RtcAnswer
    | RtcRefused
    | TransportState
    | UrlState
    | IntakeStats
    | AdminStatus
    | AdminStatusReply
    | AdminDevices
    | AdminDevicesReply
    | AdminKeys
    | AdminKeysReply
    | SetUpHands
    | Inject
    | LetGo
    | HandsReady
    | LocalEvent
    | LocalKey
    | HandsTrouble
    | SetUpTv
    | TurnTv
    | TvState
    | WatchLocal
    | WatchingLocal
    | TvKey
    | EncodedFrame
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


class LinkError(ReceiverError):
    """Our own processes disagree about the link's messages."""


def encode(message: Message) -> bytearray:
    """The message with its length before it; a frame's bytes are copied once."""
    out = bytearray(_LENGTH.size)
    _encoder.encode_into(message, out, _LENGTH.size)
    length = len(out) - _LENGTH.size
    if length > MAX_MESSAGE:
        raise LinkError(f"{type(message).__name__} is {length} bytes; a link carries at most {MAX_MESSAGE}")
    _LENGTH.pack_into(out, 0, length)
    return out


class Framer:
    """Cuts a byte stream into messages. Holds at most one partial message."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> list[Message]:
        """Take bytes and return the messages that they complete, in order."""
        self._buffer += data
        messages: list[Message] = []
        start = 0
        while len(self._buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            if length > MAX_MESSAGE:
                raise LinkError(f"a link message of {length} bytes was announced; at most {MAX_MESSAGE} are allowed")
            end = start + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            body = bytes(memoryview(self._buffer)[start + _LENGTH.size : end])
            start = end
            try:
                messages.append(_decoder.decode(body))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LinkError(f"a link message can't be read: {error}") from error
        del self._buffer[:start]
        return messages
