"""Who presents, who waits, and who may decide."""

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import PeerError
from receiver.session import floor, roles
from receiver.session.floor import Floor, IllegalFloorEvent, NotYours, Stranger

PEOPLE = "abcdefg"
TABLE = list(itertools.product(get_args(floor.FloorState), get_args(floor.FloorEvent)))


def open_floor(places: int = 1, people: str = "abc", deciders: str = "") -> Floor:
    made = Floor(places, moderated=False)
    for who in people:
        made.join(who, who in deciders)
    return made


def moderated_floor(places: int = 1, people: str = "abcm", deciders: str = "m") -> Floor:
    made = Floor(places, moderated=True)
    for who in people:
        made.join(who, who in deciders)
    return made


@pytest.mark.parametrize(("state", "event"), TABLE)
def test_the_table(state: floor.FloorState, event: floor.FloorEvent) -> None:
    there = open_floor(people="a")
    there._people["a"].state = state
    if (state, event) in floor.TRANSITIONS:
        assert there._check("a", event) == floor.TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalFloorEvent, match=f"{event} .* {state}"):
            there._check("a", event)


def test_the_first_presents_and_the_others_queue() -> None:
    there = open_floor()
    assert [there.ask(who) for who in "abc"] == ["presenting", "queued", "queued"]
    assert (there.presenting, there.waiting) == (("a",), ("b", "c"))
    assert there.ask("b") == "queued"
    there.release("a")
    assert (there.presenting, there.waiting) == (("b",), ("c",))
    there.leave("b")
    assert there.presenting == ("c",)


def test_who_presents_may_give_way_to_anybody_who_asks() -> None:
    there = open_floor()
    for who in "abc":
        there.ask(who)
    with pytest.raises(NotYours):
        there.approve("c", by="b")
    there.approve("c", by="a")
    assert (there.presenting, there.waiting, there.state("a")) == (("c",), ("b",), "watching")


def test_who_presents_may_say_not_now_and_is_asked_no_more() -> None:
    there = open_floor()
    there.ask("a")
    there.ask("b")
    assert there.answerers("b") == ("a",)
    there.deny("b", by="a")
    assert there.answerers("b") == ()
    assert there.waiting == ("b",)
    there.release("b")
    there.ask("b")
    assert there.answerers("b") == ("a",)
    there.release("a")
    assert there.presenting == ("b",)


def test_a_moderated_floor_waits_for_a_word() -> None:
    there = moderated_floor()
    assert there.ask("a") == "asking"
    assert there.answerers("a") == ("m",)
    with pytest.raises(NotYours):
        there.approve("a", by="b")
    there.approve("a", by="m")
    assert there.presenting == ("a",)
    there.ask("b")
    there.approve("b", by="m")
    assert there.state("b") == "queued"
    there.ask("c")
    there.deny("c", by="m")
    assert there.state("c") == "watching"
    assert there.ask("m") == "queued", "who decides needs nobody's word"
    there.deny("a", by="m")
    assert (there.presenting, there.waiting) == (("b",), ("m",))


def test_who_decides_may_put_anybody_first() -> None:
    there = open_floor(places=2, people="abcdm", deciders="m")
    for who in "abcd":
        there.ask(who)
    with pytest.raises(NotYours):
        there.promote("d", by="c")
    there.promote("d", by="m")
    assert (there.presenting, there.waiting) == (("b", "d"), ("c",))
    there.approve("c", by="m")
    assert there.presenting == ("d", "c")
    with pytest.raises(IllegalFloorEvent):
        there.promote("a", by="m")


def test_strangers() -> None:
    there = open_floor()
    for call in (there.ask, there.release, there.state):
        with pytest.raises(Stranger):
            call("z")
    with pytest.raises(Stranger):
        there.deny("z", by="a")
    there.leave("z")


steps = st.lists(
    st.tuples(
        st.sampled_from(["join", "leave", "ask", "release", "approve", "deny", "promote"]),
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
    ),
    max_size=60,
)


@given(st.integers(1, 4), st.booleans(), steps)
def test_nobody_is_lost_and_nobody_jumps_the_queue_unasked(
    places: int, moderated: bool, steps: list[tuple[str, str, str]]
) -> None:
    there = Floor(places, moderated)
    here: set[str] = set()
    for what, who, by in steps:
        queue = there.waiting
        try:
            match what:
                case "join":
                    there.join(who, decides=who in "ab")
                    here.add(who)
                case "leave":
                    there.leave(who)
                    here.discard(who)
                case "ask" | "release":
                    getattr(there, what)(who)
                case _:
                    before = there.state(who) if who in here else None
                    getattr(there, what)(who, by)
                    assert by in "ab" or (not moderated and before == "queued")
        except PeerError:
            assert there.waiting == queue, "a refused step changes nothing"
        states = {person: there.state(person) for person in here}
        assert set(there.people) == here
        assert sorted(there.presenting) == sorted(p for p, s in states.items() if s == "presenting")
        assert sorted(there.waiting) == sorted(p for p, s in states.items() if s in ("asking", "queued"))
        assert len(there.presenting) <= places
        assert len(there.presenting) == places or "queued" not in states.values(), "no place stays empty"
        assert moderated or "asking" not in states.values()
        stayed = [p for p in queue if p in there.waiting]
        assert [p for p in there.waiting if p in stayed] == stayed
        if what not in ("approve", "promote"):
            turned = [queue.index(p) for p in queue if p in there.presenting]
            left = [queue.index(p) for p in queue if states.get(p) == "queued"]
            assert not turned or not left or max(turned) < min(left), "first come, first served"
    for who in PEOPLE:
        there.leave(who)
    assert not [*there.people, *there.presenting, *there.waiting, *there._kept]


def test_what_each_role_may_do() -> None:
    assert list(roles.SCOPES) == list(get_args(roles.Role))
    assert set(roles.SCOPES["owner"]) == set(get_args(roles.Scope))
    assert set(roles.SCOPES["viewer"]) < set(roles.SCOPES["moderator"]) < set(roles.SCOPES["owner"])
    assert roles.allows("moderator", "control")
    assert not roles.allows("viewer", "control")
