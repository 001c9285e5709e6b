"""What is taken of an offer: its media sections, formats and extensions (RFC 9429 section 5.3). Pure."""

from dataclasses import dataclass, field

from receiver.ingest.depacketize import DEPACKETIZERS
from receiver.ingest.sdp import (
    CAPTURE_TIME,
    COLOUR_SPACE,
    MID,
    PLAYOUT_DELAY,
    SEND_TIME,
    TRANSPORT_CC,
    Offer,
    OfferedMedia,
    PayloadFormat,
    SdpError,
)
from receiver.media import CLOCK_RATE, Codec, Kind

START_KBPS = 6000
MAX_KBPS = 25_000
AUDIO_CODECS: tuple[Codec, ...] = ("opus",)
"""Every WebRTC sender has it (RFC 7874), so nobody need choose."""

PARITY_AMONG_MEDIA = False
"""Whether video may come with parity packets (RED and ULPFEC), where the sender offers them. Measured at 2 % loss and a
round trip of 40 ms: with Chromium's the picture stood still for 9 of 12 s, without never. Parity shares the media's
sequence numbers but is never sent again, so each lost parity packet is a hole that waits in vain."""
FLEXIBLE_PARITY = True
"""Whether video may come with parity in a stream beside it (FlexFEC), where the sender offers it."""
SOUND_TWICE = True
"""Whether each packet of sound may carry the one before it again (RED), where the sender offers that."""

_H264_PROFILES = ("42", "4d", "64")  # baseline, main, high: what decoders of 8 bit 4:2:0 take


@dataclass
class Plan:
    """What will be received: payload types and what they mean. ``rtx`` maps a retransmission's to the original's,
    ``red`` a RED payload type of sound to that of the codec in it, or of video to ``ulpfec``, its parity's; ``flexfec``
    is that of parity in a stream of its own.

    ``nack``, ``pli``, ``fir`` and ``remb``: what the sender understands.
    The ids are those of header extensions, 0 for none. ``mids``: of the media sections that are received; ``ssrcs``:
    the sources that the offer declares, None for those of other sections.
    """

    video: dict[int, Codec] = field(default_factory=dict)
    audio: dict[int, Codec] = field(default_factory=dict)
    rtx: dict[int, int] = field(default_factory=dict)
    nack: bool = False
    transport_cc_id: int = 0
    capture_time_id: int = 0
    colour_space_id: int = 0
    playout_delay_id: int = 0
    send_time_id: int = 0
    pli: bool = True
    fir: bool = False
    remb: bool = False
    red: dict[int, int] = field(default_factory=dict)
    ulpfec: int | None = None
    flexfec: int | None = None
    mid_id: int = 0
    mids: dict[str, Kind] = field(default_factory=dict)
    ssrcs: dict[int, Kind | None] = field(default_factory=dict)


def choose(offer: Offer, codecs: tuple[Codec, ...]) -> tuple[Plan, dict[int, list[PayloadFormat]]]:
    """The first video and the first audio that we can receive, with ``codecs`` in the order of our preference.

    Returns the plan, and the accepted formats by the index of their media section. Raises SdpError if nothing fits.
    """
    plan = Plan()
    accepted: dict[int, list[PayloadFormat]] = {}
    for index, media in enumerate(offer.media):
        target = plan.video if media.kind == "video" else plan.audio if media.kind == "audio" else None
        if target is None or target or not _usable(offer, media):
            continue
        formats = _formats(media, codecs, plan)
        if formats:
            accepted[index] = formats
    plan.ssrcs = {ssrc: None for media in offer.media for ssrc in media.ssrcs}
    for index in accepted:
        _belonging(offer.media[index], plan)
    if not plan.video:
        raise SdpError(_why_no_video(offer, codecs))
    return plan, accepted


def _usable(offer: Offer, media: OfferedMedia) -> bool:
    bundled = media.mid in offer.bundle or len(offer.media) == 1
    return media.sends and media.port != 0 and media.rtcp_mux and bundled and media.protocol == "UDP/TLS/RTP/SAVPF"


def _belonging(media: OfferedMedia, plan: Plan) -> None:
    """How the packets of a section that is received are known (RFC 9143 section 9.2)."""
    kind: Kind = "video" if media.kind == "video" else "audio"
    plan.ssrcs |= dict.fromkeys(media.ssrcs, kind)
    if media.mid:
        plan.mids[media.mid] = kind
        plan.mid_id = plan.mid_id or media.extensions.get(MID, 0)


def _formats(media: OfferedMedia, codecs: tuple[Codec, ...], plan: Plan) -> list[PayloadFormat]:
    formats: list[PayloadFormat] = []
    kind: Kind = "video" if media.kind == "video" else "audio"
    target = plan.video if kind == "video" else plan.audio
    for codec in codecs if kind == "video" else AUDIO_CODECS:
        for offered in media.formats.values():
            if offered.name.lower() != codec.lower() or offered.clock_rate != CLOCK_RATE[kind]:
                continue
            if codec not in DEPACKETIZERS or not _profile_fits(codec, offered):
                continue
            formats.append(offered)
            target[offered.payload_type] = codec
            formats += _retransmissions(media, offered, plan)
            plan.nack |= kind == "video" and "nack" in offered.feedback
            plan.fir |= kind == "video" and "ccm fir" in offered.feedback
            plan.remb |= kind == "video" and "goog-remb" in offered.feedback
            if "transport-cc" in offered.feedback:
                plan.transport_cc_id = plan.transport_cc_id or media.extensions.get(TRANSPORT_CC, 0)
    plan.capture_time_id = plan.capture_time_id or media.extensions.get(CAPTURE_TIME, 0)
    if not formats:
        return []
    if kind == "video":
        plan.colour_space_id = media.extensions.get(COLOUR_SPACE, 0)
        plan.playout_delay_id = media.extensions.get(PLAYOUT_DELAY, 0)
        plan.send_time_id = media.extensions.get(SEND_TIME, 0)
        plan.pli = not plan.fir or any("nack pli" in one.feedback for one in formats)
    return _sound_twice(media, plan) + formats if kind == "audio" else formats + _parity(media, plan)


def _named(media: OfferedMedia, name: str, kind: Kind) -> PayloadFormat | None:
    fits = (one for one in media.formats.values() if one.name.lower() == name and one.clock_rate == CLOCK_RATE[kind])
    return next(fits, None)


def _sound_twice(media: OfferedMedia, plan: Plan) -> list[PayloadFormat]:
    """RED for sound (RFC 2198); first in the answer, for else Chromium doesn't use it."""
    red = _named(media, "red", "audio")
    if red is None or not SOUND_TWICE:
        return []
    inner = next((number for number in plan.audio if f"{number}/{number}" in red.parameters), None)
    if inner is None:
        return []
    plan.red[red.payload_type] = inner
    return [red]


def _parity(media: OfferedMedia, plan: Plan) -> list[PayloadFormat]:
    """FlexFEC for video; or RED and ULPFEC, and RTX of RED, for what parity can't mend."""
    flexfec = _named(media, "flexfec-03", "video")
    if flexfec is not None and FLEXIBLE_PARITY:
        plan.flexfec = flexfec.payload_type
        return [flexfec]
    red, ulpfec = _named(media, "red", "video"), _named(media, "ulpfec", "video")
    if red is None or ulpfec is None or not PARITY_AMONG_MEDIA:
        return []
    plan.red[red.payload_type] = plan.ulpfec = ulpfec.payload_type
    return [red, *_retransmissions(media, red, plan), ulpfec]


def _retransmissions(media: OfferedMedia, original: PayloadFormat, plan: Plan) -> list[PayloadFormat]:
    for candidate in media.formats.values():
        if candidate.name.lower() == "rtx" and candidate.parameters.get("apt") == str(original.payload_type):
            plan.rtx[candidate.payload_type] = original.payload_type
            return [candidate]
    return []


def _profile_fits(codec: Codec, offered: PayloadFormat) -> bool:
    """Whether it is 8 bit 4:2:0, packed in a way that we read: RFC 6184, 7798, 9628, and AOM's for AV1."""
    settings = offered.parameters
    match codec:
        case "H264":
            profile = settings.get("profile-level-id", "42e01f").lower()
            return profile[:2] in _H264_PROFILES and settings.get("packetization-mode", "0") in ("0", "1")
        case "H265":
            main = settings.get("profile-id", "1") == "1" and settings.get("profile-space", "0") == "0"
            in_order = settings.get("sprop-max-don-diff", "0") == "0"
            return main and in_order and settings.get("tx-mode", "SRST") == "SRST"
        case "VP9":
            return settings.get("profile-id", "0") == "0"
        case "AV1":
            return settings.get("profile", "0") == "0"
    return True


def _why_no_video(offer: Offer, codecs: tuple[Codec, ...]) -> str:
    video = [media for media in offer.media if media.kind == "video"]
    if not video:
        return "the offer has no video; share a screen, a window or a tab"
    if not any(media.sends and media.port for media in video):
        return "the offer's video is not sent to us; offer it as sendonly"
    if not any(_usable(offer, media) for media in video):
        return "the offer's video must use UDP/TLS/RTP/SAVPF with rtcp-mux and be in the BUNDLE group"
    ours = ", ".join(codec for codec in codecs if codec in DEPACKETIZERS and codec != "opus") or "none"
    names = {form.name for media in video for form in media.formats.values()} - {"rtx", "red", "ulpfec", "flexfec-03"}
    return f"no common video codec: this display decodes {ours}, the sender offers {', '.join(sorted(names)) or 'none'}"
