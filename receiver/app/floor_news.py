"""What everybody is told of the floor: the fields of ``floor.state`` (DDP.md section 4). Pure."""

from collections.abc import Callable, Mapping
from typing import Protocol

from receiver.session.floor import Floor
from receiver.session.roles import Role


class Named(Protocol):
    """Somebody on the floor, as others see them."""

    @property
    def sender_name(self) -> str: ...

    @property
    def role(self) -> Role: ...


def news(
    floor: Floor, mode: str, people: Mapping[str, Named], stream_of: Callable[[str], int | None]
) -> dict[str, dict[str, object]]:
    """``floor.state`` for each of ``people``, by session. ``stream_of``: the number of a session's stream, if any."""

    def known(who: str) -> dict[str, object]:
        return {"session": who, "name": people[who].sender_name}

    presenting = [{**known(who), "stream": stream_of(who)} for who in floor.presenting]
    queue = [{**known(who), "state": floor.state(who), "asked": bool(floor.answerers(who))} for who in floor.waiting]
    return {
        who: {
            "mode": mode,
            "places": floor.places,
            "presenting": presenting,
            "queue": queue,
            "you": {
                "session": who,
                "role": person.role,
                **standing(floor, who),
                "asked_by": [asker for asker in floor.waiting if who in floor.answerers(asker)],
            },
        }
        for who, person in people.items()
    }


def standing(floor: Floor, who: str) -> dict[str, object]:
    """``position``: in the queue, from 1; 0 for who does not wait."""
    waiting = floor.waiting
    return {"state": floor.state(who), "position": waiting.index(who) + 1 if who in waiting else 0}
