"""The SDP answer's text (RFC 9429 section 5.3). Pure.

Facts of senders that shaped it: the answer names only the sha-256 fingerprint (others fail in some senders), takes
the DTLS server's part (then Chromium chooses AES-256-GCM), keeps the offer's payload types, and hints the start
bitrate, without which Chromium needs ten seconds to reach a legible picture.
"""

import re
from typing import NamedTuple

from receiver.ingest.answer import MAX_KBPS, START_KBPS
from receiver.ingest.candidate import Candidate
from receiver.ingest.sdp import (
    CAPTURE_TIME,
    COLOUR_SPACE,
    MID,
    PLAYOUT_DELAY,
    SEND_TIME,
    TRANSPORT_CC,
    Offer,
    PayloadFormat,
)

AUDIO_BPS = 128_000
PTIME_MS = 10
"""Half of what senders take by themselves: sound is there 10 ms sooner, and the picture that waits for it as well."""
REPAIR_WINDOW_US = 10_000_000
"""What every FlexFEC sender that was met offers: how long it may take from a packet to the last parity of it."""

_FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc", "goog-remb")
_REDUNDANCY = ("red", "ulpfec")
_RED_SETTING = re.compile(r"\d{1,3}(/\d{1,3})+", re.ASCII)
_KEPT = {
    "H264": ("level-asymmetry-allowed", "packetization-mode", "profile-level-id"),
    "H265": ("level-id", "profile-id", "profile-space", "tier-flag", "tx-mode"),
    "VP9": ("profile-id",),
    "AV1": ("level-idx", "profile", "tier"),
}
"""Settings of a format that make it another one, and so are repeated in the answer."""


class LocalTransport(NamedTuple):
    """Our end, for the answer. ``fingerprint``: sha-256, colon-separated hex."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[Candidate, ...]


def write(
    offer: Offer,
    accepted: dict[int, list[PayloadFormat]],
    local: LocalTransport,
    start_kbps: int = START_KBPS,
    max_kbps: int = MAX_KBPS,
) -> str:
    """The answer's text, with every candidate in it."""
    setup = "active" if offer.setup == "passive" else "passive"
    bundle = [offer.media[index].mid for index in accepted if offer.media[index].mid]
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if bundle:
        lines.append(f"a=group:BUNDLE {' '.join(bundle)}")
    for index, media in enumerate(offer.media):
        if index not in accepted:
            lines += [f"m={media.kind} 0 {media.protocol} {media.raw_formats}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{media.mid}", "a=inactive"] if media.mid else ["a=inactive"]
            continue
        numbers = " ".join(str(accepted_format.payload_type) for accepted_format in accepted[index])
        lines += [f"m={media.kind} 9 {media.protocol} {numbers}", "c=IN IP4 0.0.0.0"]
        lines += [f"a=mid:{media.mid}"] if media.mid else []
        lines += ["a=recvonly", "a=rtcp-mux"]
        lines += ["a=rtcp-rsize"] if media.rtcp_rsize else []
        for uri in (TRANSPORT_CC, SEND_TIME, CAPTURE_TIME, COLOUR_SPACE, PLAYOUT_DELAY, MID):
            if uri in media.extensions and (uri != MID or media.mid):
                lines.append(f"a=extmap:{media.extensions[uri]} {uri}")
        for accepted_format in accepted[index]:
            lines += _format_lines(accepted_format, media.kind, start_kbps, max_kbps)
        lines += [f"a=ptime:{PTIME_MS}"] if media.kind == "audio" else []
        lines += [f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}"]
        lines += [f"a=fingerprint:sha-256 {local.fingerprint}", f"a=setup:{setup}"]
        lines += [f"a=candidate:{candidate}" for candidate in local.candidates]
        lines.append("a=end-of-candidates")
    return "\r\n".join(lines) + "\r\n"


def _format_lines(chosen: PayloadFormat, kind: str, start_kbps: int, max_kbps: int) -> list[str]:
    number = chosen.payload_type
    channels = f"/{chosen.channels}" if chosen.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {chosen.name}/{chosen.clock_rate}{channels}"]
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in _FEEDBACK if feedback in chosen.feedback]
    if chosen.name.lower() == "rtx":
        return [*lines, f"a=fmtp:{number} apt={chosen.parameters['apt']}"]
    if chosen.name.lower() == "flexfec-03":
        return [*lines, f"a=fmtp:{number} repair-window={chosen.parameters.get('repair-window') or REPAIR_WINDOW_US}"]
    if chosen.name.lower() in _REDUNDANCY:
        return lines + [f"a=fmtp:{number} {key}" for key in chosen.parameters if _RED_SETTING.fullmatch(key)]
    if kind == "audio":
        settings = [f"minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate={AUDIO_BPS}"]
    else:
        kept = _KEPT.get(chosen.name.upper(), ())
        settings = [f"{key}={chosen.parameters[key]}" for key in kept if key in chosen.parameters]
        settings += [f"x-google-start-bitrate={start_kbps}", f"x-google-max-bitrate={max_kbps}"]
    return [*lines, f"a=fmtp:{number} {';'.join(settings)}"]
