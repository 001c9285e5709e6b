"""What commands do in the app: whose stream they mean, what they may, and what the stage and the senders are told."""

import asyncio
import contextlib
import gc
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.app.callers import Caller, Console
from receiver.app.screen import StageMissing
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.commands import COMMANDS
from receiver.errors import PeerError
from receiver.link import Scene, SetPicture, SetVolume
from receiver.session.roles import Role
from receiver.session.stream import IllegalStreamCommand
from tests.peers.room import Person, Room

UUID = "0b0c9a5e-6a0f-4f6e-9d43-5a4f7f0c6d21"


@pytest.fixture
def room() -> Room:
    return Room()


async def refused(room: Room, caller: Caller, verb: str, **params: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await room.desk.run(caller, verb, params)
    return caught.value


def test_the_desk_has_a_method_for_every_command(room: Room) -> None:
    assert {spec.kind for spec in COMMANDS.values()} == set(room.desk.handlers)


async def test_a_viewer_changes_how_its_own_stream_is_given(room: Room) -> None:
    ada = Person("Ada")
    room.shares(ada, 3)
    assert await room.desk.run(ada, "rotate", {"degrees": 90}) == {"stream": 3, "degrees": 90}
    assert await room.desk.run(ada, "resize", {"scale": 2}) == {"stream": 3, "scale": 2.0}
    assert await room.desk.run(ada, "volume", {"level": 0.5}) == {"stream": 3, "level": 0.5}
    assert await room.desk.run(ada, "mute", {}) == {"stream": 3, "muted": True}
    assert room.sent[-2:] == [SetPicture(3, 90, 2.0), SetVolume(3, 0.0)]
    assert await room.desk.run(ada, "mute", {"muted": False}) == {"stream": 3, "muted": False}
    assert room.sent[-1] == SetVolume(3, 0.5)


async def test_a_senders_next_stream_is_given_as_its_last_one(room: Room) -> None:
    ada = Person("Ada")
    room.shares(ada, 3)
    await room.desk.run(ada, "rotate", {"degrees": 180})
    await room.casts.stop("Ada")
    room.casts.streams[4] = ada
    room.screen.attach(4, "Ada", lambda end: None)
    room.desk.began(ada, 4)
    assert SetPicture(4, 180, 1.0) in room.sent


async def test_nothing_is_kept_of_who_has_left(room: Room) -> None:
    ada = Person("Ada")
    await room.desk.run(ada, "mirror", {"device_id": UUID, "scale": 0.5})
    assert len(room.desk._manners) == 1
    del ada
    gc.collect()
    assert len(room.desk._manners) == 0


async def test_a_viewer_can_do_nothing_to_others(room: Room) -> None:
    room.shares(Person("Ada"), 3)
    bea = Person("Bea")
    assert (await refused(room, bea, "pause", stream=3)).code is ErrorCode.FORBIDDEN
    assert "you are not sharing" in (await refused(room, bea, "mute")).advice
    for verb, params in (("power", {"on": False}), ("layout", {"layout": "grid"}), ("focus", {"stream": 3})):
        forbidden = await refused(room, bea, verb, **params)
        assert forbidden.code is ErrorCode.FORBIDDEN
        assert "needs the scope control" in forbidden.advice
    assert not room.casts.log
    assert not room.sent


async def test_a_moderator_means_the_only_stream_or_has_to_say_which(room: Room) -> None:
    ada, bea, mod = Person("Ada"), Person("Bea"), Person("Mo", "moderator")
    assert "nothing is shared now" in (await refused(room, mod, "mute")).advice
    room.shares(ada, 3)
    assert await room.desk.run(mod, "mute", {}) == {"stream": 3, "muted": True}
    room.shares(bea, 4)
    assert "which stream to mute: 3, 4" in (await refused(room, mod, "mute")).advice
    assert "there are 3, 4" in (await refused(room, mod, "mute", stream=9)).advice
    assert await room.desk.run(mod, "pause", {"stream": 4}) == {"state": "paused"}
    assert bea.told == [("display.state", {"stream": 4, "state": "paused", "by": "Mo"})]
    assert await room.desk.run(mod, "focus", {"stream": 4}) == {"layout": "auto", "focus": 4}
    assert await room.desk.run(mod, "layout", {"layout": "presenter+strip"}) == {
        "layout": "presenter+strip",
        "focus": 4,
    }


async def test_what_is_said_of_a_stream_that_has_just_ended_falls_on_nobody_elses(room: Room) -> None:
    """Ada, who owns the display, has given Bea her place; her page's "stop" comes when Bea's stream is there."""
    ada, bea = Person("Ada", "owner"), Person("Bea")
    room.shares(ada, 3)
    await room.casts.stop("Ada")
    ada.media.handle("stop")
    room.shares(bea, 4)
    room.casts.log.clear()
    assert await room.desk.run(ada, "stop", {}) == {"state": "stopped"}
    assert "yours has ended; say which one you mean: 4" in (await refused(room, ada, "mute")).advice
    assert not room.casts.log
    assert not bea.told
    assert await room.desk.run(ada, "stop", {"stream": 4}) == {"state": "stopped"}
    assert room.casts.log == [("stop", "Bea", "Ada stopped it.")]


async def test_the_media_state_machine(room: Room) -> None:
    ada = Person("Ada")
    assert await room.desk.run(ada, "stop", {}) == {"state": "stopped"}
    with pytest.raises(IllegalStreamCommand, match="pause is not possible while the stream is stopped"):
        await room.desk.run(ada, "pause", {})
    assert await room.desk.run(ada, "play", {}) == {"state": "preparing"}
    with pytest.raises(IllegalStreamCommand, match="pause is not possible while the stream is preparing"):
        await room.desk.run(ada, "pause", {})
    room.shares(ada, 3)
    with pytest.raises(IllegalStreamCommand, match="play is not possible while the stream is playing"):
        await room.desk.run(ada, "play", {})
    assert await room.desk.run(ada, "pause", {}) == {"state": "paused"}
    with pytest.raises(IllegalStreamCommand, match="pause is not possible while the stream is paused"):
        await room.desk.run(ada, "pause", {})
    assert await room.desk.run(ada, "play", {}) == {"state": "playing"}
    assert await room.desk.run(ada, "stop", {}) == {"state": "stopped"}
    assert room.casts.log == [("pause", "Ada"), ("play", "Ada"), ("stop", "Ada", "")]


async def test_nobody_goes_on_in_the_place_of_who_paused(room: Room) -> None:
    ada, mod = Person("Ada"), Person("Mo", "moderator")
    room.shares(ada, 3)
    await room.desk.run(ada, "pause", {})
    assert "only Ada can go on" in (await refused(room, mod, "play")).advice
    assert await room.desk.run(ada, "play", {}) == {"state": "playing"}
    assert await room.desk.run(mod, "pause", {}) == {"state": "paused"}
    assert await room.desk.run(mod, "play", {}) == {"state": "playing"}
    assert [told["state"] for _, told in ada.told] == ["paused", "playing"]


async def test_the_console_stops_a_stream_and_its_sender_is_told(room: Room) -> None:
    ada = Person("Ada")
    room.shares(ada, 3)
    assert await room.desk.run(Console(), "stop", {}) == {"state": "stopped"}
    assert room.casts.log == [("stop", "Ada", "Someone at the display stopped it.")]
    assert "nothing is shared now" in (await refused(room, Console(), "stop")).advice


async def test_extend_tells_the_exact_mode(room: Room) -> None:
    ada = Person("Ada")
    mode = {"width": 3840, "height": 2160, "refresh_mhz": 59_940, "width_mm": 1210, "height_mm": 680}
    assert await room.desk.run(ada, "extend", {}) == mode
    mirrored = await room.desk.run(ada, "mirror", {"device_id": UUID, "scale": 0.5})
    assert mirrored == {"device_id": UUID, "scale": 0.5, **mode}
    room.screen.ready = None
    with pytest.raises(StageMissing):
        await room.desk.run(ada, "extend", {})


class Films:
    """Plays what is at example.org."""

    def __init__(self) -> None:
        self.log: list[tuple[object, ...]] = []

    async def cast(self, sender: Person, url: str) -> int:
        if "example.org" not in url:
            raise PeerError("Nothing answers there.")
        self.log.append(("cast", sender.sender_name, url))
        return 5

    async def seek(self, sender: Person, position_s: float) -> None:
        self.log.append(("seek", sender.sender_name, position_s))


async def test_an_address_is_played_as_the_senders_stream(room: Room) -> None:
    ada = Person("Ada")
    url = "https://example.org/film.mp4"
    assert (await refused(room, ada, "cast", url=url)).code is ErrorCode.METHOD_NOT_FOUND
    films = room.desk.films = Films()
    assert await room.desk.run(ada, "cast", {"url": url}) == {"stream": 5, "state": "preparing", "end_to_end": False}
    room.casts.streams[5] = ada
    assert await room.desk.run(ada, "seek", {"position_s": 90}) == {"stream": 5, "position_s": 90.0}
    assert films.log == [("cast", "Ada", url), ("seek", "Ada", 90.0)]
    bea = Person("Bea")
    with pytest.raises(PeerError, match="Nothing answers there"):
        await room.desk.run(bea, "cast", {"url": "https://elsewhere.example/"})
    assert bea.media.state == "stopped"
    assert "you are not sharing" in (await refused(room, bea, "seek", position_s=1)).advice


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
)
PARAMS = st.dictionaries(st.sampled_from(["stream", "scale", "level", "on", "degrees", "muted", "seconds"]), JSON)


@given(verb=st.sampled_from(sorted(COMMANDS)), params=PARAMS, role=st.sampled_from(["owner", "moderator", "viewer"]))
def test_nothing_but_a_peer_error_comes_of_any_parameters(verb: str, params: dict[str, Any], role: Role) -> None:
    async def give() -> None:
        room = Room()
        room.shares(Person("Ada"), 3)
        with contextlib.suppress(PeerError):
            json.dumps(await room.desk.run(Person("Bea", role), verb, params))

    asyncio.run(give())


async def test_power_turns_the_screen_off_until_somebody_needs_it(room: Room) -> None:
    def dark() -> bool:
        return [message for message in room.sent if isinstance(message, Scene)][-1].dark

    assert await room.desk.run(Console(), "power", {"on": False}) == {"on": False, "standby": True}
    assert dark()
    await room.desk.run(Person("Ada"), "identify", {})
    assert not dark()
    assert room.screen.scene.identify == "tv-lounge"
    await room.desk.run(Console(), "power", {"on": False})
    room.shares(Person("Ada"), 3)
    assert not room.screen.dark
    assert await room.desk.run(Console(), "power", {"on": True}) == {"on": True, "standby": False}
