"""All fuzz targets by name: for each parser, the errors that it may raise."""

from tests.fuzz import (
    http_targets,
    input_targets,
    media_targets,
    own_targets,
    quic_targets,
    session_targets,
    trust_targets,
    whip_targets,
    wire_targets,
)
from tests.fuzz.target import Target

ROOMS = (
    wire_targets,
    trust_targets,
    http_targets,
    input_targets,
    media_targets,
    quic_targets,
    session_targets,
    own_targets,
    whip_targets,
)

TARGETS: dict[str, Target] = {target.name: target for room in ROOMS for target in room.TARGETS}
