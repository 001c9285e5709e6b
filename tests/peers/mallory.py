"""Connections of somebody who means no good."""

from tests.peers.ddp_client import DdpClient
from tests.peers.display import FakeDisplay


async def client_of(display: FakeDisplay, name: str = "Mallory") -> DdpClient:
    return await DdpClient.connect(display.ws, name=name)


async def paired(display: FakeDisplay) -> DdpClient:
    client = await client_of(display)
    await client.pair(display.pin)
    return client
