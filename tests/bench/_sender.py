"""The sending side, the same for every receiver: the product's own page in Chromium, sharing the pattern's tab."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from playwright.async_api import BrowserContext, Page, expect

from tests.peers import pattern
from tests.peers.chromium import chromium
from tests.peers.person import serve

WORKER = Path(__file__).parent / "encoded_sender" / "worker.js"
THUMBNAIL = (320, 180)
CLIP_KBPS = 20_000
"""A browser spreads each picture over the time that it takes at 2.5 times its estimate."""

WATCH = """(codec, encoded) => {
    const Real = RTCPeerConnection;
    const steady = (sdp) => sdp.replaceAll(/x-google-start-bitrate=\\d+/g, `$&;x-google-min-bitrate=${encoded}`);
    window.RTCPeerConnection = class extends Real {
        constructor(...all) {
            super(...all);
            window.benchmarked = this;
        }
        setRemoteDescription(answer) {
            window.answeredAt = performance.timeOrigin + performance.now();
            return super.setRemoteDescription(encoded ? { ...answer, sdp: steady(answer.sdp) } : answer);
        }
        addTransceiver(track, init) {
            const transceiver = super.addTransceiver(track, init);
            if (codec && track.kind === "video") {
                const wanted = new RegExp(`/(${codec}|rtx)$`, "i");
                const all = RTCRtpSender.getCapabilities("video").codecs;
                transceiver.setCodecPreferences(all.filter(({ mimeType }) => wanted.test(mimeType)));
            }
            if (encoded && track.kind === "video") {
                window.encodedSender = new Worker(`/bench/worker.js?later=${window.sendLater ?? 0}`);
                transceiver.sender.transform = new RTCRtpScriptTransform(encodedSender);
            }
            return transceiver;
        }
    };
}"""
"""Lets the benchmark read the connection's counters, choose the codec and put a clip in the place of what is encoded.
The page itself is untouched. ``encoded``: kbit/s that a clip needs, below which no estimate goes; 0 without one."""

SENT = """() => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    encodedSender.postMessage(null, [port2]);
})"""

COUNTERS = """async () => {
    const all = [...(await benchmarked.getStats()).values()];
    const video = all.find(({ type, kind }) => type === "outbound-rtp" && kind === "video");
    if (!video) return [performance.timeOrigin + performance.now(), 0, 0, ""]; // nothing is agreed on yet
    const codec = all.find(({ id }) => id === video.codecId);
    return [video.timestamp, video.framesEncoded, video.bytesSent, codec?.mimeType.split("/")[1] ?? ""];
}"""


class Counters(NamedTuple):
    """Of the sender, at ``at_ms``, since its connection began."""

    at_ms: float
    frames_encoded: int
    bytes_sent: int
    codec: str


class Doorway(Protocol):
    """A display that can be paired with."""

    @property
    def port(self) -> int: ...

    async def pin(self) -> str: ...


class Sharing:
    """A cast that is on."""

    def __init__(self, page: Page, encoded: bool = False) -> None:
        self._page = page
        self._encoded = encoded

    async def counters(self) -> Counters:
        return Counters(*await self._page.evaluate(COUNTERS))

    async def sent(self) -> list[tuple[float, int]] | None:
        """When each picture of the clip was sent, wall clock in ms, and its number; None without a clip."""
        return [(at, number) for at, number in await self._page.evaluate(SENT)] if self._encoded else None


class Sender:
    """A browser with the pattern in one of its tabs."""

    def __init__(self, context: BrowserContext, content: str, sound: bool, encoded: bool = False) -> None:
        self._context = context
        self._content = content
        self._sound = sound
        self._encoded = encoded

    @asynccontextmanager
    async def paired(self, display: Doorway) -> AsyncIterator[Page]:
        """A page that is paired by PIN and may share, as a person does it."""
        page = await self._context.new_page()
        await page.goto(f"http://localhost:{display.port}/")
        await page.get_by_label("Your name").fill("Bench")
        await page.get_by_role("button", name="Connect", exact=True).click()
        await expect(page.locator("#pin")).to_be_visible()
        await page.locator("#pin").fill(await display.pin())
        await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible(timeout=15_000)
        await page.locator(f"input[name=content][value={self._content}]").check()
        await page.locator("input[name=sound]").set_checked(self._sound)
        try:
            yield page
        finally:
            await page.close()

    @asynccontextmanager
    async def share(self, display: Doorway, later_ms: float = 0) -> AsyncIterator[Sharing]:
        """Pair and share the pattern's tab. ``later_ms``: how long a clip's pictures are held back before they go out,
        and their age begins."""
        async with self.paired(display) as page:
            await page.evaluate("(ms) => (window.sendLater = ms)", later_ms)
            await begin(page)
            yield Sharing(page, self._encoded)


async def begin(page: Page) -> None:
    """Share the pattern's tab, and wait until the page says that it is on."""
    await page.get_by_role("button", name="Choose what to share").click()
    await expect(page.get_by_role("button", name="Stop sharing")).to_be_visible(timeout=15_000)


async def end(page: Page) -> None:
    """Stop sharing, and wait until the page would share again."""
    await page.get_by_role("button", name="Stop sharing").click()
    await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible(timeout=15_000)


@asynccontextmanager
async def sender(
    size: tuple[int, int], fps: int, codec: str | None, content: str, sound: bool, clip: bytes = b""
) -> AsyncIterator[Sender]:
    """Start the browser and its pattern. ``codec``: the only one to offer, or None for the browser's own choice.
    ``clip``: pictures of it (``_clip``) that go out in place of the tab's, which is small and only sets the pace."""
    width, height = THUMBNAIL if clip else size
    with serve(pattern.PAGE) as address:
        async with chromium(pattern.TITLE) as browser:
            context = await browser.new_context(viewport={"width": width, "height": height})
            drawing = await context.new_page()
            await drawing.goto(f"{address}?w={width}&h={height}&fps={fps}")
            await context.route("**/bench/worker.js?*", lambda route: route.fulfill(path=WORKER))
            await context.route("**/bench/clip", lambda route: route.fulfill(body=clip))
            await context.add_init_script(f"({WATCH})({json.dumps(codec)}, {CLIP_KBPS if clip else 0})")
            yield Sender(context, content, sound, bool(clip))
