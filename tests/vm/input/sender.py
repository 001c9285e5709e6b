"""A sender that is told what is done at the display, and what it casts meanwhile."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.peers import ddp_client
from tests.peers.ddp_client import CAPABILITY, DdpClient

BACK = CAPABILITY + ", back=(key pointer wheel touch)"

ddp_client.TIMEOUT_S = 60.0  # emulated processors are slow


def film(path: Path) -> None:
    """Ten minutes at a picture a second, 4:3: bars are left and right of it on the screen."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options, stream.time_base = {"preset": "ultrafast", "tune": "zerolatency"}, Fraction(1, 1)
        for index in range(600):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 128, np.uint8), "yuv420p")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


async def told(anna: DdpClient, **fields: Any) -> dict[str, Any]:
    """The next event like that; others are passed over."""
    while True:
        event = await anna.notification("input.event")
        if {name: event.get(name) for name in fields} == fields:
            return event
