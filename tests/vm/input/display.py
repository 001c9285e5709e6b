"""The real receiver in the guest, without a screen, and whoever pairs with it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from receiver.admin import SOCKET_NAME, ask
from receiver.errors import ReceiverError
from receiver.link import AdminStatus, AdminStatusReply
from tests.peers.ddp_client import CAPABILITY, DdpClient, WebSocketWire
from tests.vm.input.readback import until

PATIENTLY = """
from receiver.app import stage_process
stage_process.START_TIMEOUT_S = 120  # emulated processors are slow
from receiver.__main__ import main
raise SystemExit(main())
"""
CONFIG = """
[output]
kind = "headless"
[sound]
device = "null"
[http]
port = 0
https_port = 0
[discovery]
ssdp = false
mdns = false
[cast]
allow = ["127.0.0.0/8"]
[input]
back = "{back}"
[paths]
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
"""


class Display:
    """A receiver that runs."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._run = folder / "run"

    def status(self) -> dict[str, Any]:
        """Empty while it does not answer."""
        if not (self._run / SOCKET_NAME).exists():
            return {}
        try:
            return ask(self._run, AdminStatus(), AdminStatusReply).status
        except ReceiverError:
            return {}

    async def pair(self, name: str, capability: str = CAPABILITY) -> DdpClient:
        """A sender that has read its PIN off the screen."""
        url = f"ws://localhost:{self.status()['port']}/"
        client = DdpClient(await WebSocketWire.connect(url, open_timeout=60), name=name, capability=capability)

        async def pin() -> str:
            return str(await until(lambda: self.status().get("pin")))

        await client.pair(pin)
        return client


@asynccontextmanager
async def display(folder: Path, back: str = "off") -> AsyncIterator[Display]:
    """Once it has its screen, and its hands have their devices."""
    (folder / "config").write_text(CONFIG.format(folder=folder, back=back))
    command = (sys.executable, "-c", PATIENTLY, "run", "--config", str(folder / "config"))
    shown = Display(folder, await asyncio.create_subprocess_exec(*command))
    try:
        await until(lambda: shown.status().get("codecs") and shown.status()["input"]["able"])
        yield shown
    finally:
        if shown.process.returncode is None:
            shown.process.kill()
            await shown.process.wait()
