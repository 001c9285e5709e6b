"""What counts as a URL, and that nothing FFmpeg would open beside it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.url import MAX_LENGTH, PORTS, Target, UrlRefused, parse


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://Films.Example/a%20b.mp4?t=1", Target("https", "films.example", 443, "/a%20b.mp4?t=1")),
        ("HTTP://films.example", Target("http", "films.example", 80, "/")),
        ("rtsp://ada:p%40ss@10.0.0.4/cam", Target("rtsp", "10.0.0.4", 554, "/cam", "ada", "p@ss")),
        ("rtmp://10.0.0.4:1936/live/key", Target("rtmp", "10.0.0.4", 1936, "/live/key")),
        ("http://[2001:DB8::1]:8080/x", Target("http", "2001:db8::1", 8080, "/x")),
        ("https://bücher.example/ü", Target("https", "xn--bcher-kva.example", 443, "/%C3%BC")),
        ("srt://10.0.0.4:9000?streamid=a", Target("srt", "10.0.0.4", 9000, "/?streamid=a")),
    ],
)
def test_parts(text: str, target: Target) -> None:
    assert parse(text) == target


@pytest.mark.parametrize(
    "text",
    [
        *("", "films.example/a.mp4", "/etc/passwd", "file:///etc/passwd", "concat:a|b", "data:video/mp4;base64,AA"),
        *("crypto+http://films.example/", "subfile,,start,0,end,9,,:/etc/passwd", "pipe:0", "unix:/run/x", "ftp://h/f"),
        *("http+unix://x/", "tee:a|b", "udp://239.0.0.1:5000", "async:http://h/", "cache:http://h/", "ffconcat://x"),
        *("http://", "http:///path", "http://h:0/", "http://h:65536/", "http://h:x/", "http://[::1", "http://[::g]/"),
        *("http://a b/", "http://h/a\r\nHost: x", "http://h\\@evil/", "http://h/\0", "http://[fe80::1%25eth0]/"),
        *("http://h/" + "a" * MAX_LENGTH, "srt://h", "http://h%2eexample/", "http://-h/", "rtsp://u:%0d%0a@h/"),
        *("rtsp://h/cam?udp", "rtsp://h/cam?x=1&multicast", "rtsp://h/cam?listen", "rtsp://h/?a?udp"),
    ],
)
def test_what_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UrlRefused, match=r"\.$"):
        parse(text)


def test_neither_credentials_nor_queries_are_shown() -> None:
    target = parse("https://ada:secret@films.example:8443/a.m3u8?token=secret")
    assert target.shown == "https://films.example:8443/a.m3u8"
    assert target.url == "https://films.example:8443/a.m3u8?token=secret"


def test_an_srt_address_can_not_turn_us_into_a_listener() -> None:
    assert parse("srt://h:9000?mode=listener&latency=200&streamid=%23!::r=x").path == (
        "/?latency=200&streamid=%23%21%3A%3Ar%3Dx"
    )


def test_only_the_schemes_that_are_asked_for() -> None:
    with pytest.raises(UrlRefused, match="rtsp: can't be cast here; http:// can"):
        parse("rtsp://h/", ("http",))


@given(
    st.text(max_size=64) | st.builds(lambda scheme, rest: f"{scheme}://{rest}", st.sampled_from([*PORTS]), st.text())
)
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        target = parse(text)
    except UrlRefused:
        return
    assert target.scheme in PORTS
    assert 0 < target.port < 65536
    assert target.url.isascii()
    assert target.url.isprintable()
    assert " " not in target.url
    assert target.path.startswith("/")
    assert parse(target.url) == Target(target.scheme, target.host, target.port, target.path)
