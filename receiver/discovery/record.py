"""What the receiver says about itself on the network: SSDP headers, mDNS TXT, UPnP device description. Pure.

Sources: DDP.md section 1; UPnP Device Architecture 2.0 (UDA) sections 1.2, 1.3 and 2.3; RFC 6763.
Everything said here is an unauthenticated hint to whoever hears it; pairing proves it.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from xml.etree import ElementTree as ET

from receiver import __version__
from receiver.errors import ConfigError

DEVICE_TYPE = "urn:ddp-org:device:DisplayReceiver:1"
SERVICE_TYPE = "_ddp._tcp.local."
DESCRIPTION_PATH = "/device.xml"
MAX_AGE_S = 1800
"""How long a control point may believe an announcement (UDA 1.2.2 asks for at least this)."""

_SERVER = f"Linux/1.0 UPnP/2.0 ddp-receiver/{__version__}"
_UPNP = "urn:schemas-upnp-org:device-1-0"
_DDP = "urn:ddp-org:device-1-0"
_NAMESPACE = uuid.UUID("6d2cf1a4-3b0e-5f0c-9a52-0d0f5c0de210")
_INSTANCE_BYTES = 60
"""A DNS label has 63; three stay free for the number that a name conflict adds."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
_SHAPES = {
    "display_id": (
        re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"),
        "1 to 63 letters, digits and inner hyphens",
    ),
    "fingerprint": (re.compile(r"[A-Za-z0-9_-]{43}"), "a SHA-256 in base64url without padding, 43 characters"),
    "pairing_token": (re.compile(r"[!-~]{0,200}"), "at most 200 printable ASCII characters without spaces"),
    "path": (re.compile(r"/[!-~]{0,200}"), "a URL path that begins with a slash"),
}


@dataclass(frozen=True)
class Advertisement:
    """All that discovery tells. Raises ConfigError where a value can't go on the wire.

    ``fingerprint``: RFC 7638 thumbprint of the identity key, base64url. ``boot_id``: grows with each start, 31 bits
    (UDA 1.2.2). ``config_id``: changes with the device description, 0 to 16777215.
    """

    display_id: str
    display_name: str
    supports_webrtc: bool
    fingerprint: str
    pairing_token: str
    http_port: int
    https_port: int
    path: str = "/"
    boot_id: int = 1
    config_id: int = 1

    def __post_init__(self) -> None:
        for field, (shape, words) in _SHAPES.items():
            value = getattr(self, field)
            if not shape.fullmatch(value):
                raise ConfigError(f"{field} is {value!r}, but discovery can only announce {words}")
        for field, top in (("http_port", 0xFFFF), ("https_port", 0xFFFF), ("boot_id", 2**31 - 1)):
            if not 1 <= getattr(self, field) <= top:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be from 1 to {top}")
        if not 0 <= self.config_id <= 0xFFFFFF:
            raise ConfigError(f"config_id is {self.config_id}; it must be from 0 to 16777215")

    @property
    def udn(self) -> str:
        """``uuid:…``, the same for one display id for ever (UDA 1.1.4)."""
        return f"uuid:{uuid.uuid5(_NAMESPACE, self.display_id)}"

    @property
    def name(self) -> str:
        """The display name without characters that neither XML nor DNS carries; never empty."""
        return _CONTROL.sub(" ", self.display_name).strip() or self.display_id

    @property
    def instance(self) -> str:
        """The name as one DNS label: at most 60 bytes of UTF-8, and no dot, which zeroconf would take for a border."""
        label = self.name.replace(".", "-").encode()[:_INSTANCE_BYTES].decode(errors="ignore").strip()
        return label or self.display_id

    @property
    def host(self) -> str:
        """The mDNS host name that the service points to; unlike the shown name it is this display's alone."""
        return f"{self.display_id}.local."


def location(address: IPv4Address | IPv6Address, advertisement: Advertisement) -> str:
    """The URL of the device description as reached by ``address``, without a zone, which means nothing to others."""
    host = f"[{str(address).partition('%')[0]}]" if address.version == 6 else str(address)
    return f"http://{host}:{advertisement.http_port}{DESCRIPTION_PATH}"


def targets(advertisement: Advertisement) -> dict[str, str]:
    """Search target or notification type -> USN, in the order of UDA table 1-1."""
    udn = advertisement.udn
    return {
        "upnp:rootdevice": f"{udn}::upnp:rootdevice",
        udn: udn,
        DEVICE_TYPE: f"{udn}::{DEVICE_TYPE}",
    }


def answer(advertisement: Advertisement, target: str, url: str, boot_id: int, date: str) -> dict[str, str]:
    """Headers of the answer to a search for ``target``, a key of ``targets`` (UDA 1.3.3)."""
    return {
        "CACHE-CONTROL": f"max-age={MAX_AGE_S}",
        "DATE": date,
        "EXT": "",
        "LOCATION": url,
        "SERVER": _SERVER,
        "ST": target,
        "USN": targets(advertisement)[target],
        **_identity(advertisement, boot_id),
    }


def alive(advertisement: Advertisement, host: str, url: str, boot_id: int) -> Iterator[dict[str, str]]:
    """Headers of each NOTIFY ssdp:alive (UDA 1.2.2); ``host`` is the multicast group with its port."""
    for target, usn in targets(advertisement).items():
        yield {
            "HOST": host,
            "CACHE-CONTROL": f"max-age={MAX_AGE_S}",
            "LOCATION": url,
            "NT": target,
            "NTS": "ssdp:alive",
            "SERVER": _SERVER,
            "USN": usn,
            **_identity(advertisement, boot_id),
        }


def update(
    advertisement: Advertisement, host: str, url: str, boot_id: int, next_boot_id: int
) -> Iterator[dict[str, str]]:
    """Headers of each NOTIFY ssdp:update (UDA 1.2.4): the next announcements count from ``next_boot_id``."""
    for target, usn in targets(advertisement).items():
        yield {
            "HOST": host,
            "LOCATION": url,
            "NT": target,
            "NTS": "ssdp:update",
            "USN": usn,
            **_identity(advertisement, boot_id),
            "NEXTBOOTID.UPNP.ORG": str(next_boot_id),
        }


def byebye(advertisement: Advertisement, host: str, boot_id: int) -> Iterator[dict[str, str]]:
    """Headers of each NOTIFY ssdp:byebye (UDA 1.2.3)."""
    for target, usn in targets(advertisement).items():
        yield {"HOST": host, "NT": target, "NTS": "ssdp:byebye", "USN": usn, **_identity(advertisement, boot_id)}


def _identity(advertisement: Advertisement, boot_id: int) -> dict[str, str]:
    return {
        "BOOTID.UPNP.ORG": str(boot_id),
        "CONFIGID.UPNP.ORG": str(advertisement.config_id),
        "X-Display-ID": advertisement.display_id,
        "X-Supports-WebRTC": "true" if advertisement.supports_webrtc else "false",
        "X-DDP-FP": advertisement.fingerprint,
    }


def txt(advertisement: Advertisement) -> dict[str, str]:
    """The mDNS TXT record (DDP.md section 1)."""
    return {
        "path": advertisement.path,
        "ddpsupport": "2.1,methods,reactive,subscriptions",
        "transport": "ws,http2",
        "compression": "gzip,br",
        "v": "2.1",
        "id": advertisement.display_id,
        "fp": advertisement.fingerprint,
        "at": advertisement.pairing_token,
    }


def description(advertisement: Advertisement) -> bytes:
    """The UPnP device description (UDA 2.3) as UTF-8 XML; its URLs are relative to where it was fetched."""
    root = ET.Element("root", {"xmlns": _UPNP, "xmlns:ddp": _DDP, "configId": str(advertisement.config_id)})
    version = ET.SubElement(root, "specVersion")
    device = ET.SubElement(root, "device")
    for parent, name, text in (
        (version, "major", "2"),
        (version, "minor", "0"),
        (device, "deviceType", DEVICE_TYPE),
        (device, "friendlyName", advertisement.name),
        (device, "manufacturer", "ddp-receiver"),
        (device, "modelName", "ddp-receiver"),
        (device, "modelDescription", "A display that anyone in the room can cast to"),
        (device, "modelNumber", __version__),
        (device, "serialNumber", advertisement.display_id),
        (device, "UDN", advertisement.udn),
        (device, "presentationURL", advertisement.path),
        (device, "ddp:X_displayId", advertisement.display_id),
        (device, "ddp:X_supportsWebRTC", "true" if advertisement.supports_webrtc else "false"),
        (device, "ddp:X_fingerprint", advertisement.fingerprint),
        (device, "ddp:X_httpsPort", str(advertisement.https_port)),
    ):
        ET.SubElement(parent, name).text = text
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml
