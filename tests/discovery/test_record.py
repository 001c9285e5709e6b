"""What is said on the wire, value by value."""

from dataclasses import replace
from ipaddress import ip_address
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.discovery import record
from receiver.discovery.record import Advertisement
from receiver.errors import ConfigError

FP = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
AD = Advertisement(
    display_id="tv-livingroom-001a",
    display_name="Living room",
    supports_webrtc=True,
    fingerprint=FP,
    pairing_token="tok",
    http_port=8080,
    https_port=8443,
    boot_id=7,
    config_id=3,
)
URL = "http://10.0.0.1:8080/device.xml"


def test_txt_has_the_values_of_the_contract() -> None:
    assert record.txt(AD) == {
        "path": "/",
        "ddpsupport": "2.1,methods,reactive,subscriptions",
        "transport": "ws,http2",
        "compression": "gzip,br",
        "v": "2.1",
        "id": "tv-livingroom-001a",
        "fp": FP,
        "at": "tok",
    }


def test_an_answer_has_every_header() -> None:
    headers = record.answer(AD, record.DEVICE_TYPE, URL, 9, "Sun, 06 Nov 1994 08:49:37 GMT")
    server = headers.pop("SERVER")
    assert server.split()[1] == "UPnP/2.0"
    assert headers == {
        "CACHE-CONTROL": "max-age=1800",
        "DATE": "Sun, 06 Nov 1994 08:49:37 GMT",
        "EXT": "",
        "LOCATION": URL,
        "ST": record.DEVICE_TYPE,
        "USN": f"{AD.udn}::{record.DEVICE_TYPE}",
        "BOOTID.UPNP.ORG": "9",
        "CONFIGID.UPNP.ORG": "3",
        "X-Display-ID": "tv-livingroom-001a",
        "X-Supports-WebRTC": "true",
        "X-DDP-FP": FP,
    }


def test_announcements_cover_all_targets() -> None:
    wanted = ["upnp:rootdevice", AD.udn, record.DEVICE_TYPE]
    host = "239.255.255.250:1900"
    for notes, nts in (
        (record.alive(AD, host, URL, 9), "ssdp:alive"),
        (record.update(AD, host, URL, 9, 10), "ssdp:update"),
        (record.byebye(AD, host, 9), "ssdp:byebye"),
    ):
        seen = list(notes)
        assert [one["NT"] for one in seen] == wanted
        assert {one["NTS"] for one in seen} == {nts}
        assert {one["X-Display-ID"] for one in seen} == {AD.display_id}
        assert {one.get("NEXTBOOTID.UPNP.ORG") for one in seen} == ({"10"} if nts == "ssdp:update" else {None})


def test_the_udn_belongs_to_the_display_id() -> None:
    assert AD.udn == replace(AD, display_name="Other", boot_id=99).udn
    assert AD.udn != replace(AD, display_id="tv-2").udn


def test_locations() -> None:
    assert record.location(ip_address("10.0.0.1"), AD) == URL
    assert record.location(ip_address("fe80::1%eth0"), AD) == "http://[fe80::1]:8080/device.xml"


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_id": "a b"},
        {"display_id": "tv\r\nLOCATION: http://evil"},
        {"display_id": "tv\n"},
        {"fingerprint": "short"},
        {"pairing_token": "a\nb"},
        {"path": "relative"},
        {"http_port": 0},
        {"https_port": 65536},
        {"boot_id": -1},
        {"config_id": 1 << 24},
    ],
)
def test_values_that_break_the_wire_are_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        replace(AD, **wrong)  # type: ignore[arg-type]


@given(st.text())
def test_any_name_gives_well_formed_xml_and_one_dns_label(name: str) -> None:
    advertisement = replace(AD, display_name=name)
    root = ET.fromstring(record.description(advertisement))
    spaces = {"u": "urn:schemas-upnp-org:device-1-0", "d": "urn:ddp-org:device-1-0"}
    assert root.get("configId") == "3"
    assert root.findtext("u:device/u:friendlyName", namespaces=spaces) == advertisement.name
    assert root.findtext("u:device/u:UDN", namespaces=spaces) == advertisement.udn
    assert root.findtext("u:device/d:X_fingerprint", namespaces=spaces) == FP
    assert 1 <= len(advertisement.instance.encode()) <= 60
    assert "." not in advertisement.instance
