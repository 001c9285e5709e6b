"""Host and Origin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp.origin import ForeignHost, ForeignOrigin, check_request, security_headers, split_host

HOSTS = ["localhost", "192.0.2.7", "Box.local", "2001:db8::7"]


@pytest.mark.parametrize(
    ("host", "origin", "scheme"),
    [
        ("192.0.2.7:8443", None, "https"),
        ("192.0.2.7:8443", "https://192.0.2.7:8443", "https"),
        ("box.local", "https://box.local", "https"),
        ("BOX.local.:443", "https://box.local", "https"),
        ("box.local", "http://box.local:80", "http"),
        ("[2001:db8::7]:8443", "https://[2001:db8::7]:8443", "https"),
    ],
)
def test_our_own_page_and_native_clients_pass(host: str, origin: str | None, scheme: str) -> None:
    check_request(host, origin, scheme, HOSTS)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "192.0.2.8", "localhost.evil.example", "a@localhost", "local host"]
)
def test_a_foreign_host_is_refused(host: str) -> None:
    with pytest.raises(ForeignHost):
        check_request(host, None, "https", HOSTS)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://box.local:8443",
        "https://box.local",
        "https://192.0.2.7:8443",
        "https://box.local:8443.evil.example",
        "https://user@box.local:8443",
        "https://[::1",
        "file://",
    ],
)
def test_a_foreign_origin_is_refused(origin: str) -> None:
    with pytest.raises(ForeignOrigin):
        check_request("box.local:8443", origin, "https", HOSTS)


@given(st.text(max_size=40), st.none() | st.text(max_size=40), st.sampled_from(["http", "https"]))
def test_any_headers_pass_or_are_foreign(host: str, origin: str | None, scheme: str) -> None:
    try:
        check_request(host, origin, scheme, HOSTS)
    except (ForeignHost, ForeignOrigin):
        return
    assert split_host(host, scheme)[0] in {"localhost", "192.0.2.7", "box.local", "2001:db8::7"}


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("box.local:8443", "'self' ws://box.local:8443 wss://box.local:8443 https://box.local:*"),
        ("192.0.2.7", "'self' ws://192.0.2.7 wss://192.0.2.7 https://192.0.2.7:*"),
        ("[2001:db8::7]:8443", "'self' https:"),
    ],
)
def test_the_page_reaches_its_streams_ports(host: str, where: str) -> None:
    assert f"connect-src {where}; " in dict(security_headers(host))["content-security-policy"]


def test_the_policy_allows_only_ourselves() -> None:
    headers = dict(security_headers("box.local:8443"))
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["permissions-policy"].startswith("display-capture=(self)")
