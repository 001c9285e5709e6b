"""A display's commands without a stage or senders: what would be told to either is remembered."""

from typing import Any

from receiver.app.command_desk import CommandDesk
from receiver.app.facts import Facts, scene
from receiver.app.notices import Notices
from receiver.app.screen import Screen
from receiver.clock import FakeClock
from receiver.link import Layout, Message, SetLayout, StageReady
from receiver.session.roles import Role
from receiver.session.stream import StreamMachine

READY = StageReady("kms", "", "null", "", 3840, 2160, 59_940, ("VP8",), width_mm=1210, height_mm=680, sleeps=True)


class Person:
    """A session that is told things."""

    def __init__(self, name: str, role: Role = "viewer") -> None:
        self.sender_name = self.session_id = name
        self.role = role
        self.media = StreamMachine()
        self.told: list[tuple[str, dict[str, object]]] = []

    def notify(self, method: str, params: dict[str, object]) -> None:
        self.told.append((method, params))


class Streams:
    """Casts without media. ``log``: what was asked of them."""

    def __init__(self) -> None:
        self.streams: dict[int, Person] = {}
        self.arrangement = SetLayout()
        self.log: list[tuple[str, ...]] = []

    def pause(self, sender: Person) -> None:
        self.log.append(("pause", sender.sender_name))

    def play(self, sender: Person) -> None:
        self.log.append(("play", sender.sender_name))

    async def stop(self, session_id: str, reason: str = "") -> None:
        self.log.append(("stop", session_id, reason))
        self.streams = {number: one for number, one in self.streams.items() if one.session_id != session_id}

    def status(self) -> list[dict[str, Any]]:
        return [
            {
                "sender": one.sender_name,
                "stream": number,
                "live": True,
                "packets_lost": 3,
                "srtp_cipher": "SRTP_AEAD_AES_256_GCM",
            }
            for number, one in self.streams.items()
        ]

    def lay_out(self, layout: Layout) -> None:
        self.arrangement = SetLayout(layout, self.arrangement.focus)

    def focus(self, stream: int | None) -> None:
        self.arrangement = SetLayout(self.arrangement.layout, stream)


class Room:
    """A command desk, and what its stage would be told."""

    def __init__(self) -> None:
        facts = Facts("Lounge", 8443, addresses=("192.0.2.7",))
        self.screen = Screen(FakeClock(), (), "interactive", scene(facts))
        self.screen.ready = READY
        self.sent: list[Message] = []
        self.screen.stage.send = self.sent.append  # type: ignore[assignment, method-assign]  # the stage's end of the link
        self.casts = Streams()
        self.notices = Notices(self.screen, facts)
        self.desk = CommandDesk(self.screen, self.casts, self.notices, "tv-lounge")

    def shares(self, person: Person, stream: int) -> None:
        self.casts.streams[stream] = person
        self.screen.attach(stream, person.sender_name, lambda end: None)
        person.media.handle("offer")
        person.media.handle("live")
        self.desk.began(person, stream)
        self.sent.clear()
