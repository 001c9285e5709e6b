"""What the app and an intake tell each other. Pure."""

from typing import Literal

import msgspec

from receiver.media import Codec

# ---- app -> intake


class RtcOffer(msgspec.Struct, frozen=True, tag="rtc-offer"):
    """Begin receiving: the sender's SDP, and the codecs that the stage has proven it can decode."""

    stream: int
    sdp: str
    codecs: tuple[Codec, ...]


class RtcCandidate(msgspec.Struct, frozen=True, tag="rtc-candidate"):
    """A trickled ICE candidate, ``candidate-attribute`` of RFC 8839; empty: no more will come."""

    candidate: str
    sdp_mid: str | None
    sdp_mline_index: int | None


class QuicOpen(msgspec.Struct, frozen=True, tag="quic-open"):
    """Await the sender over WebTransport, with the codecs that the stage has proven it can decode."""

    stream: int
    codecs: tuple[Codec, ...]


class AttachStage(msgspec.Struct, frozen=True, tag="attach-stage"):
    """Where to send frames from now on; the old stage, if any, is gone. Two descriptors: the media links."""

    stream: int


class StopIntake(msgspec.Struct, frozen=True, tag="stop-intake"):
    """Close the transport politely and exit."""


class UrlOpen(msgspec.Struct, frozen=True, tag="url-open"):
    """Play this URL: ``codecs`` are those that the stage has proven; ``allow`` and ``deny`` are networks in CIDR form
    that widen and narrow what may be fetched from (``[cast]`` of the configuration)."""

    stream: int
    url: str
    codecs: tuple[Codec, ...]
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class UrlCommand(msgspec.Struct, frozen=True, tag="url-command"):
    """``position_ms`` is for seek alone: from the beginning; what lies past the end is the end."""

    stream: int
    action: Literal["play", "pause", "seek"]
    position_ms: int = 0


# ---- intake -> app


class IntakeReady(msgspec.Struct, frozen=True, tag="intake-ready"):
    """The warm spare is loaded and waits for an offer."""


class RtcAnswer(msgspec.Struct, frozen=True, tag="rtc-answer"):
    """The SDP answer, with every candidate in it and the fingerprint of this stream's own certificate."""

    stream: int
    sdp: str


class QuicOpened(msgspec.Struct, frozen=True, tag="quic-opened"):
    """Where the sender is awaited: ``https://<this host>:port/path``. ``certificate``: the SHA-256 of its DER form;
    ``payload_types``: RTP's, for the codecs that may come."""

    stream: int
    port: int
    path: str
    certificate: bytes
    payload_types: dict[Codec, int]


class RtcRefused(msgspec.Struct, frozen=True, tag="rtc-refused"):
    """The offer, or the wish for QUIC, can't be met; ``reason`` is a sentence for the sender."""

    stream: int
    reason: str


class TransportState(msgspec.Struct, frozen=True, tag="transport-state"):
    """RTCPeerConnectionState, with ``reason`` for a person where it is failed or closed."""

    stream: int
    state: Literal["connecting", "connected", "disconnected", "failed", "closed"]
    reason: str = ""


class UrlState(msgspec.Struct, frozen=True, tag="url-state"):
    """At each change, and once a second while it plays. ``duration_ms`` is None for what is live; ``reason`` is a
    sentence, also where something plays only in part (its sound can't be decoded)."""

    stream: int
    state: Literal["opening", "playing", "paused", "reconnecting", "ended", "failed"]
    position_ms: int = 0
    duration_ms: int | None = None
    seekable: bool = False
    reason: str = ""


class IntakeStats(msgspec.Struct, frozen=True, tag="intake-stats"):
    """Once a second. Counters since the stream began; names of W3C webrtc-stats where it has them.

    ``packets_rebuilt``: lost ones that parity gave back, without their being sent again.
    """

    stream: int
    packets_received: int
    packets_lost: int
    bytes_received: int
    nack_count: int
    pli_count: int
    frames_received: int
    kernel_drops: int
    dropped: dict[str, int]
    round_trip_ms: float | None = None
    srtp_cipher: str = ""
    packets_rebuilt: int = 0
