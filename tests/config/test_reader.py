"""The reader accepts what is documented, and says exactly what is wrong with anything else."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.config import Config, load, parse
from receiver.config.schema import KEYS
from receiver.errors import ConfigError


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "tv.toml")
    return str(caught.value)


def test_an_empty_file_gives_every_default() -> None:
    config = parse("", "tv.toml")
    assert (config.http.port, config.http.https_port, config.output.kind) == (8080, 8443, "auto")
    assert config.source is None


def test_values_are_taken() -> None:
    config = parse('[display]\nname = "Küche"\n[http]\nport = 0\n[paths]\nstate_dir = "/srv/ddp"\n', "tv.toml")
    assert config.display.name == "Küche"
    assert config.http.port == 0
    assert config.paths.state_dir == Path("/srv/ddp")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\n\nprot = 1", "tv.toml, line 3: there is no key http.prot; the nearest is http.port"),
        ("\n[htpp]\n", "tv.toml, line 2: there is no section [htpp]; the nearest is [http]"),
        ("http = 3", "tv.toml, line 1: http must be a section: write [http]"),
        (
            "[http]\nport = 99999",
            "tv.toml, line 2: http.port must be a whole number from 0 to 65535 (TCP port), not 99999",
        ),
        (
            "[http]\nport = true",
            "tv.toml, line 2: http.port must be a whole number from 0 to 65535 (TCP port), not true",
        ),
        ("http.bind = 'tv'", 'tv.toml, line 1: http.bind must be "" or an IPv4 or IPv6 address (IP address), not "tv"'),
        ("[discovery]\nmdns = 1", "tv.toml, line 2: discovery.mdns must be true or false, not 1"),
        (
            "[paths]\nstate_dir = 'here'",
            'tv.toml, line 2: paths.state_dir must be an absolute path (folder), not "here"',
        ),
        (
            "[output]\nkind = 'tv'",
            'tv.toml, line 2: output.kind must be one of "auto", "kms", "kmsdrm", "window", "headless", not "tv"',
        ),
        (
            "[cast]\nallow = ['10.0.0.1/8']",
            'tv.toml, line 2: cast.allow must be a list of networks such as "10.0.0.0/8" or "fd00::/8", '
            'not ["10.0.0.1/8"]',
        ),
        (
            "cast.deny = [1]",
            'tv.toml, line 1: cast.deny must be a list of networks such as "10.0.0.0/8" or "fd00::/8", not [1]',
        ),
    ],
)
def test_a_refusal_names_file_line_key_bound_and_value(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize("name", ["", "   ", "two\\nlines", "x" * 64, "ü" * 32])
def test_names_that_discovery_could_not_carry_are_refused(name: str) -> None:
    assert "display.name must be 1 to 63 bytes" in refusal(f'[display]\nname = "{name}"')


def test_broken_toml_names_its_line() -> None:
    assert "tv.toml is not valid TOML" in refusal("[http\n")
    assert "line 1" in refusal("[http\n")


def test_a_line_is_found_behind_text_that_looks_like_a_key() -> None:
    text = '[display]\nname = """\n[http]\nport = 70000\n"""\n'
    assert refusal("[log]\nlevel='info'\n" + text + "[http]\nport = 70000\n").startswith(
        "tv.toml, line 7: display.name"
    )


def test_both_ports_alike_are_refused() -> None:
    assert "must differ" in refusal("[http]\nport = 8443")
    assert parse("[http]\nport = 0\nhttps_port = 0", "tv.toml").http.port == 0


def test_the_command_line_wins_and_is_checked() -> None:
    assert parse("[http]\nport = 1", "tv.toml", {"http.port": 2}).http.port == 2
    with pytest.raises(ConfigError, match=r"on the command line: display\.name must be"):
        parse("", "tv.toml", {"display.name": "\udcff"})


def test_load_reads_the_named_file(tmp_path: Path) -> None:
    file = tmp_path / "tv.toml"
    file.write_text("[output]\nkind = 'headless'\n")
    config = load(file)
    assert (config.output.kind, config.source) == ("headless", file)


def test_load_says_why_a_file_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "binary.toml")


def test_load_searches_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "ddp-receiver").mkdir()
    (tmp_path / "ddp-receiver/config.toml").write_text("[pace]\nmode = 'smooth'\n")
    assert load().pace.mode == "smooth"


@given(st.text())
def test_any_text_gives_a_config_or_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(parse(text, "tv.toml"), Config)


TOML_VALUES = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.booleans().map(lambda flag: str(flag).lower()),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text("ab/\"' \\u", max_size=8).map(lambda text: "'" + text.replace("'", "") + "'"),
    st.sampled_from(["[]", "{}", "1979-05-27", "[[1]]"]),
)


@given(st.sampled_from(sorted(KEYS)), TOML_VALUES)
def test_any_value_of_a_known_key_is_taken_or_refused_with_its_line(dotted: str, value: str) -> None:
    refusals = []
    try:
        parse(f"{dotted} = {value}\n", "tv.toml")
    except ConfigError as error:
        refusals.append(str(error))
    assert all(text.startswith(("tv.toml, line 1: ", "tv.toml: http.port", "tv.toml is not")) for text in refusals)
