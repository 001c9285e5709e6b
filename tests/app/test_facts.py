"""The scene follows from the facts."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.app.facts import NO_NETWORK, Facts, join_url, scene, useful_first


def test_people_are_given_ipv4_first_and_a_code_with_the_secret() -> None:
    shown = scene(Facts("Room 4", 8443, "c2VjcmV0", ("fd00::2", "127.0.0.1", "192.168.1.20")))
    assert shown.join_url == "https://192.168.1.20:8443"
    assert shown.join_qr == "https://192.168.1.20:8443/#k=c2VjcmV0"
    assert shown.network_ok


def test_without_a_network_there_is_nothing_to_join() -> None:
    shown = scene(Facts("Room 4", 8443, "c2VjcmV0", ("127.0.0.1", "::1", "fe80::1", "169.254.3.4")))
    assert (shown.join_url, shown.join_qr, shown.network, shown.network_ok) == ("", "", NO_NETWORK, False)


def test_urls_are_written_as_people_type_them() -> None:
    assert join_url("fd00::2", 8443) == "https://[fd00::2]:8443"
    assert join_url("192.168.1.20", 443) == "https://192.168.1.20"


@given(st.lists(st.ip_addresses().map(str)))
def test_only_reachable_addresses_are_named(addresses: list[str]) -> None:
    assert set(useful_first(addresses)) <= set(addresses)
