"""Reading a sender's SDP offer (RFC 8866, RFC 9429) into typed values. Pure.

Only what we understand is kept; aiortc never sees the sender's text.
"""

import re
from dataclasses import dataclass, field

from receiver.errors import ProtocolError
from receiver.ingest.candidate import Candidate
from receiver.ingest.candidate import parse as parse_candidate

MAX_BYTES = 64 * 1024
MAX_MEDIA = 16
MAX_CANDIDATES = 32
MAX_SSRCS = 32
"""Of one media section. Drop rule: further ones are ignored, and their packets say themselves where they belong."""

TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
COLOUR_SPACE = "http://www.webrtc.org/experiments/rtp-hdrext/color-space"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"

_TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~\w-]{1,64}", re.ASCII)
_ICE = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}")
_RTPMAP = re.compile(r"(\d{1,3}) ([\w.-]{1,32})/(\d{1,6})(?:/(\d{1,2}))?", re.ASCII)
_SETTING = re.compile(r"[!-~]{0,512}")
_MEDIA = re.compile(r"(\w{1,16}) (\d{1,5})(?:/\d+)? ([A-Z/]{1,32})((?: [!#$%&'*+.^_`{|}~\w-]{1,32}){1,100})", re.ASCII)


class SdpError(ProtocolError):
    """An offer that can't be taken, with a sentence for the sender."""


@dataclass
class PayloadFormat:
    """One payload type: ``a=rtpmap``, ``a=fmtp``, ``a=rtcp-fb``."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int
    parameters: dict[str, str] = field(default_factory=dict)
    feedback: set[str] = field(default_factory=set)


@dataclass
class OfferedMedia:
    """One ``m=`` section."""

    kind: str
    protocol: str
    port: int
    raw_formats: str
    formats: dict[int, PayloadFormat] = field(default_factory=dict)
    mid: str = ""
    sends: bool = True
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: set[int] = field(default_factory=set)


@dataclass
class Offer:
    """What the sender offers. All media shares one transport (BUNDLE)."""

    media: list[OfferedMedia] = field(default_factory=list)
    bundle: list[str] = field(default_factory=list)
    ufrag: str = ""
    password: str = ""
    fingerprints: dict[str, str] = field(default_factory=dict)
    setup: str = "actpass"
    candidates: list[Candidate] = field(default_factory=list)


def parse(text: str) -> Offer:
    """Read an offer. Raises SdpError or CandidateError."""
    if len(text) > MAX_BYTES:
        raise SdpError(f"the offer is longer than {MAX_BYTES} characters")
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] != "v=0":
        raise SdpError("the offer does not begin with v=0, so it is not SDP")
    offer = Offer()
    media: OfferedMedia | None = None
    for line in lines:
        kind, _, value = line.partition("=")
        if kind == "m":
            media = _media(value)
            offer.media.append(media)
            if len(offer.media) > MAX_MEDIA:
                raise SdpError(f"the offer has more than {MAX_MEDIA} media sections")
        elif kind == "a":
            name, _, argument = value.partition(":")
            _transport_attribute(offer, name, argument)
            if media is not None:
                _media_attribute(media, name, argument)
    _check(offer)
    return offer


def _media(value: str) -> OfferedMedia:
    match = _MEDIA.fullmatch(value)
    if match is None:
        raise SdpError(f"a media line can't be read: {value[:80]!r}")
    return OfferedMedia(match[1], match[3], int(match[2]), match[4].strip())


def _transport_attribute(offer: Offer, name: str, value: str) -> None:
    """Session level or media level: with BUNDLE there is one transport, told by the first section that tells it."""
    if name == "group" and value.startswith("BUNDLE"):
        offer.bundle = value.split()[1:]
    elif name in ("ice-ufrag", "ice-pwd"):
        if not _ICE.fullmatch(value):
            raise SdpError(f"the offer's {name} is not 4 to 256 characters of A-Z, a-z, 0-9, + and /")
        if name == "ice-ufrag":
            offer.ufrag = offer.ufrag or value
        else:
            offer.password = offer.password or value
    elif name == "fingerprint":
        algorithm, _, digest = value.partition(" ")
        if not _TOKEN.fullmatch(algorithm) or not _FINGERPRINT.fullmatch(digest):
            raise SdpError("the offer's certificate fingerprint can't be read")
        if offer.fingerprints.setdefault(algorithm.lower(), digest.upper()) != digest.upper():
            raise SdpError("the offer has more than one certificate; use one transport for all media")
    elif name == "setup":
        offer.setup = value
    elif name == "candidate":
        candidate = parse_candidate(value)
        if candidate is not None and candidate not in offer.candidates and len(offer.candidates) < MAX_CANDIDATES:
            offer.candidates.append(candidate)


def _media_attribute(media: OfferedMedia, name: str, value: str) -> None:
    if name == "mid":
        if not _TOKEN.fullmatch(value):
            raise SdpError("a media section's mid can't be read")
        media.mid = value
    elif name in ("recvonly", "inactive"):
        media.sends = False
    elif name == "rtcp-mux":
        media.rtcp_mux = True
    elif name == "rtcp-rsize":
        media.rtcp_rsize = True
    elif name == "ssrc":  # RFC 5576
        number = value.partition(" ")[0]
        if number.isascii() and number.isdigit() and len(number) <= 10 and len(media.ssrcs) < MAX_SSRCS:
            media.ssrcs.add(int(number))
    elif name == "extmap":
        number, _, uri = value.partition(" ")
        number = number.partition("/")[0]
        if number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= 255:
            media.extensions[uri.split(" ")[0]] = int(number[:4])
    elif name == "rtpmap":
        match = _RTPMAP.fullmatch(value)
        if match is None or int(match[1]) > 127:
            raise SdpError(f"a payload format can't be read: {value[:80]!r}")
        number_of = int(match[1])
        media.formats[number_of] = PayloadFormat(number_of, match[2], int(match[3]), int(match[4] or 1))
    elif name in ("fmtp", "rtcp-fb"):
        _format_attribute(media, name, value)


def _format_attribute(media: OfferedMedia, name: str, value: str) -> None:
    number, _, rest = value.partition(" ")
    if name == "rtcp-fb" and number == "*":
        targets = list(media.formats.values())
    else:
        known = media.formats.get(int(number[:4])) if number.isascii() and number.isdigit() else None
        targets = [known] if known else []
    for target in targets:
        if name == "rtcp-fb":
            target.feedback.add(rest.strip())
        else:
            for pair in rest.split(";"):
                key, _, setting = pair.strip().partition("=")
                if _SETTING.fullmatch(setting):  # some are repeated in our answer
                    target.parameters[key.lower()] = setting


def _check(offer: Offer) -> None:
    if not offer.ufrag or len(offer.password) < 22:
        raise SdpError("the offer lacks ICE credentials (ice-ufrag and ice-pwd of at least 22 characters)")
    if not offer.fingerprints:
        raise SdpError("the offer lacks a certificate fingerprint; media must be encrypted with DTLS-SRTP")
    if not {"sha-256", "sha-384", "sha-512"} & offer.fingerprints.keys():
        raise SdpError("the offer's certificate fingerprint must be sha-256, sha-384 or sha-512")
    if offer.setup not in ("actpass", "active", "passive"):
        raise SdpError(f"the offer's a=setup:{offer.setup[:16]} begins no connection; use actpass")
    mids = [media.mid for media in offer.media if media.mid]
    if len(set(mids)) != len(mids):
        raise SdpError("two media sections of the offer have the same mid")
