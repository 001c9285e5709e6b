"""The console with its real routes and a real command desk: forms give commands, and it shows what comes of them."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from receiver.app.console import ConsoleDesk
from receiver.app.front import WEB
from receiver.app.keys_desk import KeysDesk
from receiver.ddp.channel import Connections
from receiver.ddp.console import Console, console_routes
from receiver.ddp.guard import Guard
from receiver.ddp.listen import Open, listen
from receiver.ddp.serving import Server
from receiver.link import SetPicture, SetVolume, StreamStats
from receiver.trust.stream_keys import StreamKeys
from tests.peers.room import Person, Room

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATS = StreamStats(3, "VP8", 1920, 1080, 29.97, 41.2, 900, 890, {"late": 2}, 3.0)


@dataclass
class Served:
    room: Room
    url: str


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    room = Room()
    console = ConsoleDesk(room.desk, room.screen, room.casts, room.notices)  # type: ignore[arg-type]
    keys = KeysDesk(StreamKeys(tmp_path_factory.mktemp("state")), lambda: int(time.time()))
    keys.address, keys.certificate = lambda: "https://192.0.2.7:8443/whip", lambda: bytes(32)

    async def snapshot(request: Request) -> Response:
        return Response(status_code=503)

    routes = [
        *console_routes(Console(console.status, console.run, keys.at_console), WEB),
        Route("/tv/snapshot.jpg", snapshot),
        Mount("/", StaticFiles(directory=WEB)),
    ]
    listener = listen("127.0.0.1", 0, Open())
    server = Server(Guard(Starlette(routes=routes), lambda: ["localhost"]), Connections(), plain=[listener])
    server.start()
    yield Served(room, f"http://localhost:{listener.port}/console")
    await server.stop()


def share(room: Room, name: str, stream: int) -> Person:
    person = Person(name)
    room.shares(person, stream)
    shown = room.screen.shown(stream)
    assert shown is not None
    shown.stats = STATS
    return person


async def give(page: Page, verb: str) -> None:
    form = page.locator("details", has=page.locator(f"summary b:text-is('{verb}')"))
    await form.get_by_role("button").click()


async def open_form(page: Page, verb: str) -> None:
    await page.locator(f"summary b:text-is('{verb}')").click()


async def test_every_command_has_a_form(page: Page, served: Served) -> None:
    await page.goto(served.url)
    await expect(page.locator("details")).to_have_count(15)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Lounge")
    await expect(page.get_by_text("Nobody is sharing now.")).to_be_visible()
    for fact in ("3840 × 2160", "59.94 Hz", "121 × 68 cm", "192.0.2.7:8443"):
        await expect(page.locator("#facts")).to_contain_text(fact)


async def test_streams_are_shown_with_their_figures(page: Page, served: Served) -> None:
    share(served.room, "Ada", 3)
    await page.goto(served.url)
    stream = page.locator("#streams li")
    for words in ("Ada", "stream 3 · live", "1920 × 1080", "VP8, AES 256 GCM", "30.0 fps", "41 ms", "3, 2", "100%"):
        await expect(stream).to_contain_text(words)
    served.room.casts.streams.clear()
    await expect(page.get_by_text("Nobody is sharing now.")).to_be_visible()


async def test_a_form_gives_its_command(page: Page, served: Served) -> None:
    share(served.room, "Ada", 3)
    await page.goto(served.url)
    await open_form(page, "rotate")
    await page.get_by_text("270", exact=True).click()
    await give(page, "rotate")
    await expect(page.get_by_text("stream: 3 · degrees: 270")).to_be_visible()
    assert SetPicture(3, 270, 1.0) in served.room.sent
    await open_form(page, "volume")
    await page.locator("#volume-level").fill("0.25")
    await give(page, "volume")
    await expect(page.get_by_text("stream: 3 · level: 0.25")).to_be_visible()
    assert SetVolume(3, 0.25) in served.room.sent
    await expect(page.locator("#streams li")).to_contain_text("turned 270°")


async def test_a_refusal_is_shown_in_words(page: Page, served: Served) -> None:
    await page.goto(served.url)
    await open_form(page, "mute")
    await give(page, "mute")
    await expect(page.get_by_text("There is no stream to mute: nothing is shared now.")).to_be_visible()


async def test_the_browser_holds_what_the_schema_says(page: Page, served: Served) -> None:
    await page.goto(served.url)
    await open_form(page, "mirror")
    uuid = page.locator("#mirror-device_id")
    for value, fits in (("", False), ("tv", False), ("0b0c9a5e-6a0f-4f6e-9d43-5a4f7f0c6d21", True)):
        await uuid.fill(value)
        assert await uuid.evaluate("input => input.checkValidity()") is fits
    scale = page.locator("#mirror-scale")
    assert await scale.input_value() == "1"
    await scale.fill("4.5")
    assert await scale.evaluate("input => input.checkValidity()") is False


async def test_a_display_that_is_gone_is_told(page: Page, served: Served) -> None:
    await page.goto(served.url)
    await expect(page.get_by_role("status").first).to_have_text("On")
    await page.route("**/console/status.json", lambda route: route.abort())
    await expect(page.get_by_role("status").first).to_have_text("The display does not answer")


async def test_a_stream_key_is_made_shown_once_and_revoked(page: Page, served: Served) -> None:
    await page.goto(served.url)
    await expect(page.get_by_text("There is none.")).to_be_visible()
    await page.get_by_label("What the TV calls the tool").fill("OBS in the studio")
    await page.get_by_role("button", name="Make a key").click()
    made = page.locator("#made")
    await expect(made).to_contain_text("https://192.0.2.7:8443/whip")
    await expect(made).to_contain_text("ddp_")
    await expect(made).to_contain_text("00:00:00")
    await expect(page.locator("#keys")).to_contain_text("never used")
    await page.reload()
    await expect(page.locator("#keys")).to_contain_text("OBS in the studio")
    await expect(made).to_be_empty()
    await page.get_by_role("button", name="Revoke OBS in the studio").click()
    await expect(page.get_by_text("There is none.")).to_be_visible()
    await page.get_by_label("What the TV calls the tool").fill(" ")
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.get_by_role("alert")).to_contain_text("characters")
