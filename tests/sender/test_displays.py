"""What discovery tells, and which display a person means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.sender.answers import Confirmed, Greeting, read
from scripts.sender.displays import Display, as_url, choose, merge, standing
from scripts.sender.errors import Lost, NotFound
from scripts.sender.finding import from_well_known
from scripts.sender.pairing import printable
from scripts.sender.state import Known

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["display_id", "jwk", "mac"]), inner),
)


def display(id: str, name: str = "Room", by: str = "mDNS", fingerprint: str = "fp") -> Display:
    return Display(id, name, f"wss://192.0.2.7:8443/{by}", fingerprint, frozenset({by}))


def test_what_both_protocols_find_is_one_display() -> None:
    merged = merge([display("b", "Zoo"), display("a", "attic", "SSDP"), display("a", "attic")])
    assert [(one.id, set(one.by)) for one in merged] == [("a", {"mDNS", "SSDP"}), ("b", {"mDNS"})]
    assert merged[0].url.endswith("SSDP")


def test_a_display_is_chosen_by_name_or_id_in_any_case() -> None:
    displays = [display("tv-1", "Meeting room"), display("tv-2", "Attic")]
    assert choose("meeting ROOM", displays).id == "tv-1"
    assert choose("TV-2", displays).name == "Attic"


def test_nobody_guesses_between_two_of_one_name() -> None:
    with pytest.raises(NotFound, match="by its id: tv-1, tv-2"):
        choose("Room", [display("tv-1"), display("tv-2")])
    with pytest.raises(NotFound, match=r"no display Cellar .* Found: Room"):
        choose("Cellar", [display("tv-1")])
    with pytest.raises(NotFound, match="the address that the display shows"):
        choose("Cellar", [])


def test_a_display_is_known_by_its_key() -> None:
    known = {"tv-1": Known("Room", "fp")}
    assert standing(display("tv-1"), known) == "paired"
    assert standing(display("tv-1", fingerprint="other"), known) == "changed"
    assert standing(display("tv-2"), known) == "new"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://192.0.2.7:8443", "wss://192.0.2.7:8443/"),
        ("https://192.0.2.7:8443/#k=c2VjcmV0", "wss://192.0.2.7:8443/"),
        ("http://localhost:8080/", "ws://localhost:8080/"),
        ("wss://tv.local/path", "wss://tv.local/path"),
        ("192.0.2.7:443", "wss://192.0.2.7:443/"),
        ("192.0.2.7", "wss://192.0.2.7:8443/"),
        ("[fd00::7]:8443", "wss://[fd00::7]:8443/"),
        ("Meeting room 2", None),
        ("tv-livingroom-001a", None),
    ],
)
def test_addresses_are_told_from_names(text: str, url: str | None) -> None:
    assert as_url(text) == url


@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_an_address_a_name_or_refused(text: str) -> None:
    try:
        url = as_url(text)
    except NotFound:
        return
    assert url is None or url.startswith(("ws://", "wss://"))


@given(st.text(), JSON)
def test_any_description_gives_a_display_or_none(host: str, description: object) -> None:
    assert from_well_known("http://192.0.2.7:8080/device.xml", description) is None
    told = {"display_id": host, "display_name": host, "path": "/", "fingerprint": host, "https_port": 8443}
    found = from_well_known("http://192.0.2.7:8080/device.xml", told)
    assert found is not None
    assert found.url == "wss://192.0.2.7:8443/"


@given(JSON)
def test_any_answer_is_read_or_ends_the_connection(answer: object) -> None:
    for kind in (Greeting, Confirmed):
        with pytest.raises(Lost):
            read(answer, kind)


@given(st.text())
def test_no_name_steers_the_terminal(name: str) -> None:
    shown = printable(json.dumps({"name": name}, ensure_ascii=False))
    assert all(character.isprintable() for character in shown)
