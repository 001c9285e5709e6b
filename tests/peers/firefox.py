"""A real Firefox, headless, driven by WebDriver BiDi (W3C) over its own WebSocket."""

import asyncio
import contextlib
import itertools
import json
import os
import re
import signal
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

EXECUTABLES = ("firefox-esr", "firefox")
START_TIMEOUT_S = 60
PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "security.remote_settings.intermediates.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
ADDRESS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")


class FirefoxPage:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._context = ""

    async def command(self, method: str, **params: object) -> Any:
        number = next(self._ids)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    async def begin(self) -> None:
        await self.command("session.new", capabilities={})
        self._context = (await self.command("browsingContext.getTree"))["contexts"][0]["context"]

    async def before_each_page(self, script: str) -> None:
        """Runs ``script`` in every page before the page's own."""
        await self.command("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    async def open(self, url: str) -> None:
        await self.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, by way of JSON; a promise is awaited."""
        result = await self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert result["type"] == "success", result
        text = result["result"].get("value")
        return None if text is None else json.loads(text)

    async def until(self, expression: str, timeout_s: float = 20) -> Any:
        """Waits until the expression is truthy and returns its value."""
        looking = f"""new Promise((found) => {{ const look = () => {{
            const value = {expression}; if (value) found(value); else setTimeout(look, 50); }}; look(); }})"""
        return await asyncio.wait_for(self.evaluate(looking), timeout_s)

    async def type(self, keys: str) -> None:
        """Presses keys; ``\\ue007`` is Enter."""
        presses = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": presses}
        await self.command("input.performActions", context=self._context, actions=[source])

    async def click(self, selector: str) -> None:
        """By pointer: a headless window never has the focus, without which keys press no button."""
        box = await self.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")
        x, y = round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)
        moves = [{"type": "pointerMove", "x": x, "y": y}]
        presses = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        source = {"type": "pointer", "id": "mouse", "actions": moves + presses}
        await self.command("input.performActions", context=self._context, actions=[source])

    async def screenshot(self) -> bytes:
        return b64decode((await self.command("browsingContext.captureScreenshot", context=self._context))["data"])


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[FirefoxPage]:
    """A Firefox with a fresh profile in ``folder``."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (folder / "user.js").write_text("\n".join(lines))
    arguments = ("--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0", "about:blank")
    process = None
    for executable in EXECUTABLES:
        with contextlib.suppress(FileNotFoundError):
            process = await asyncio.create_subprocess_exec(
                executable,
                *arguments,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "HOME": str(folder), "MOZ_HEADLESS_WIDTH": "1280", "MOZ_HEADLESS_HEIGHT": "800"},
                start_new_session=True,
            )
            break
    assert process is not None, "Firefox is not installed; scripts/test installs it"
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not (found := ADDRESS.search(line := await process.stderr.readline())):
                assert line, "Firefox ended before it could be driven"
        drain = asyncio.create_task(process.stderr.read())
        async with connect(f"{found[1].decode()}/session", max_size=None, open_timeout=30) as socket:
            page = FirefoxPage(socket)
            await page.begin()
            yield page
        drain.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
