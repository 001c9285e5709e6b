"""What we say and understand on the CEC bus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.input.cec import BROADCAST, KEY_TIMEOUT_NS, KEYS, TV, CecError, Frame, Key, Opcode, Playback

MS = 1_000_000
US, PATH = 4, 0x1000


def player(active: bool = False) -> Playback:
    return Playback(US, PATH, active)


def from_tv(opcode: Opcode, operands: bytes = b"", to: int = US) -> Frame:
    return Frame(TV, to, opcode, operands)


def test_one_touch_play_as_the_wire_has_it() -> None:
    assert [frame.write() for frame in player().wake()] == [b"\x40\x04", b"\x4f\x82\x10\x00"]


def test_standby_is_for_a_tv_that_shows_us() -> None:
    assert player().sleep() == []
    shown = player()
    shown.wake()
    assert [frame.write() for frame in shown.sleep()] == [b"\x40\x9d\x10\x00", b"\x40\x36"]
    assert shown.sleep() == []


@pytest.mark.parametrize("place", [(BROADCAST, PATH), (US, 0xFFFF)])
def test_nothing_is_said_where_nothing_is_plugged_in(place: tuple[int, int]) -> None:
    unplugged = Playback(*place, True)
    assert unplugged.wake() + unplugged.sleep() + unplugged.ask_power() == []


@pytest.mark.parametrize(
    ("frame", "active"),
    [
        (from_tv(Opcode.SET_STREAM_PATH, b"\x10\x00", BROADCAST), True),
        (from_tv(Opcode.SET_STREAM_PATH, b"\x20\x00", BROADCAST), False),
        (from_tv(Opcode.ROUTING_CHANGE, b"\x20\x00\x10\x00", BROADCAST), True),
        (from_tv(Opcode.ROUTING_CHANGE, b"\x10\x00\x20\x00", BROADCAST), False),
        (Frame(8, BROADCAST, Opcode.ACTIVE_SOURCE, b"\x20\x00"), False),
        (from_tv(Opcode.STANDBY, to=BROADCAST), False),
    ],
)
def test_the_tv_says_whom_it_shows(frame: Frame, active: bool) -> None:
    one = player(not active)
    answers = one.take(frame, 0)
    assert one.active == active
    assert bool(answers) == (frame.opcode is Opcode.SET_STREAM_PATH and active)


def test_the_active_source_answers_who_it_is() -> None:
    assert player().take(from_tv(Opcode.REQUEST_ACTIVE_SOURCE, to=BROADCAST), 0) == []
    assert player(True).take(from_tv(Opcode.REQUEST_ACTIVE_SOURCE, to=BROADCAST), 0) == player().wake()[1:]


def test_a_key_is_held_while_it_is_repeated_and_released_when_that_ends() -> None:
    one = player()
    one.take(from_tv(Opcode.USER_CONTROL_PRESSED, b"\x01"), 0)
    one.take(from_tv(Opcode.USER_CONTROL_PRESSED, b"\x01"), 400 * MS)
    one.poll(600 * MS)
    assert one.keys == [Key("up", True), Key("up", True, again=True)]
    one.poll(400 * MS + KEY_TIMEOUT_NS)
    one.take(from_tv(Opcode.USER_CONTROL_PRESSED, b"\x00"), 2000 * MS)
    one.take(from_tv(Opcode.USER_CONTROL_RELEASED), 2100 * MS)
    assert one.keys[2:] == [Key("up", False), Key("select", True), Key("select", False)]


def test_another_key_or_another_place_releases_the_one_before() -> None:
    one = player()
    one.take(from_tv(Opcode.USER_CONTROL_PRESSED, b"\x01"), 0)
    one.take(from_tv(Opcode.USER_CONTROL_PRESSED, b"\x02"), 10)
    one.moved(US, 0xFFFF)
    assert one.keys == [Key("up", True), Key("up", False), Key("down", True), Key("down", False)]


@pytest.mark.parametrize(("status", "power"), [(0, "on"), (1, "standby"), (2, "on"), (3, "standby"), (9, "unknown")])
def test_the_tvs_power(status: int, power: str) -> None:
    one = player()
    one.take(from_tv(Opcode.REPORT_POWER_STATUS, bytes((status,))), 0)
    assert one.power == power


@given(st.lists(st.binary(max_size=20), max_size=40))
def test_any_frames_leave_each_key_that_went_down_up_again(wire: list[bytes]) -> None:
    one = player()
    for at, data in enumerate(wire):
        try:
            frame = Frame.read(data)
        except CecError:
            assert not 1 <= len(data) <= 16
            continue
        if frame is not None:
            assert Frame.read(frame.write()) == frame
            for answer in one.take(frame, at):
                assert answer.initiator == US
        one.poll(at)
    one.poll(10**12)
    down: set[str] = set()
    for key in one.keys:
        assert key.name in KEYS.values()
        assert (key.name in down) == (key.again or not key.down)
        down = {key.name} if key.down else set()
    assert not down
