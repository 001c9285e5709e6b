"""The parameters of ``data.*`` (DDP.md section 11). Pure."""

from typing import Annotated, Any

import msgspec

from receiver.ddp.messages import Params

MAX_PARAMS = 8

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
List = Annotated[list[Any], msgspec.Meta(max_length=MAX_PARAMS)]


class Sub(Params, frozen=True):
    id: Name
    name: Name
    params: List = msgspec.field(default_factory=list)


class Unsub(Params, frozen=True):
    id: Name


class Publish(Params, frozen=True):
    topic: Name
    value: Any


class Call(Params, frozen=True):
    id: Name
    name: Name
    params: List = msgspec.field(default_factory=list)
