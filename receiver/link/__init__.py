"""The typed messages between our processes, and their framing. Pure.

Each link is a Unix stream socket. A message is a little-endian u32 length followed by that many bytes of
MessagePack: one of the tagged structs below. Unknown tags, wrong types and lengths past ``MAX_MESSAGE`` are a
``LinkError``: processes of one installation always agree, so it is a bug of ours and the link is closed.

File descriptors travel beside a message as SCM_RIGHTS: ``AttachStream`` and ``AttachStage`` carry one each, the two
ends of the socket pair on which one intake sends ``EncodedFrame`` to the stage and gets ``KeyframeRequest`` back.
"""

from receiver.link.admin import (
    AdminDevices,
    AdminDevicesReply,
    AdminKeys,
    AdminKeysReply,
    AdminStatus,
    AdminStatusReply,
)
from receiver.link.framing import (
    MAX_MESSAGE,
    Framer,
    LinkError,
    Message,
    encode,
)
from receiver.link.hands import HandsReady, HandsTrouble, Inject, LetGo, LocalKey, SetUpHands
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
    Layout,
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
    Wish,
)

__all__ = [
    "MAX_MESSAGE",
    "AdminDevices",
    "AdminDevicesReply",
    "AdminKeys",
    "AdminKeysReply",
    "AdminStatus",
    "AdminStatusReply",
    "AttachStage",
    "AttachStream",
    "DetachStream",
    "Framer",
    "HandsReady",
    "HandsTrouble",
    "Inject",
    "IntakeReady",
    "IntakeStats",
    "KeyframeRequest",
    "Layout",
    "LetGo",
    "LinkError",
    "LocalKey",
    "Message",
    "QuicOpen",
    "QuicOpened",
    "RtcAnswer",
    "RtcCandidate",
    "RtcOffer",
    "RtcRefused",
    "Scene",
    "SetLayout",
    "SetPaused",
    "SetPicture",
    "SetTap",
    "SetUpHands",
    "SetVolume",
    "Snapshot",
    "StageReady",
    "StopIntake",
    "StreamLive",
    "StreamStats",
    "TakeSnapshot",
    "TapPicture",
    "TapSound",
    "TransportState",
    "UrlCommand",
    "UrlOpen",
    "UrlState",
    "Wish",
    "encode",
]
