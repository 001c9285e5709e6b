"""A display without a screen: the real server, pairing and peers on loopback, over a stagehand that only remembers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from receiver.app import publications
from receiver.app.command_desk import CommandDesk
from receiver.app.desk import Display, FrontDesk
from receiver.app.devices import Devices
from receiver.app.facts import Facts, scene
from receiver.app.meteor_peer import MeteorPeer
from receiver.app.native_desk import NativeDesk
from receiver.app.notices import Notices
from receiver.app.peer import Peer
from receiver.app.screen import Screen
from receiver.app.sessions import Sessions
from receiver.app.stagehand import Person
from receiver.app.visit import Visit
from receiver.ddp.capabilities import Capability, intersect, parse_capability
from receiver.ddp.channel import Channel, Connections
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.listen import Open, listen
from receiver.ddp.messages import Method
from receiver.ddp.server import Site, build_app
from receiver.ddp.serving import Server
from receiver.link import Layout, QuicOpened, SetLayout
from receiver.link.hands import InputEvent
from receiver.trust.certificate import certificate_hash, ensure_certificate
from receiver.trust.identity_file import load_identity
from receiver.trust.store import DeviceStore
from tests.peers.ddp_client import DdpClient

DISPLAY_ID = "tv-livingroom-001a"
STREAM = 7
JPEG = b"\xff\xd8not really a picture\xff\xd9"


class SkippingClock:
    """The machine's clock, which a test may set forward."""

    def __init__(self) -> None:
        self._offset = 0

    def now(self) -> int:
        return time.monotonic_ns() + self._offset

    def wall(self) -> float:
        return time.time() + self._offset / 1e9

    def skip(self, seconds: float) -> None:
        self._offset += int(seconds * 1e9)


class FakeSigns:
    """What the TV would show."""

    def __init__(self) -> None:
        self.pin: str | None = None
        self.pin_for: str | None = None
        self.secret = ""
        self.question: tuple[str, str, str] | None = None

    def show_pin(self, pin: str, sender_name: str) -> None:
        self.pin, self.pin_for = pin, sender_name

    def hide_pin(self) -> None:
        self.pin = self.pin_for = None

    def show_secret(self, secret: str) -> None:
        self.secret = secret

    def ask(self, wish: str, asking: str, asked: str) -> None:
        self.question = (wish, asking, asked)

    def ask_no_more(self, wish: str) -> None:
        self.question = None


class FakeHands:
    """Takes every event; ``did`` holds them, and what was let go of."""

    def __init__(self) -> None:
        self.able, self.reason = True, "In a list."
        self.did: list[tuple[str, object]] = []

    def inject(self, who: str, event: InputEvent) -> None:
        self.did.append((who, event))

    def let_go(self, who: str) -> None:
        self.did.append((who, "let go"))


class FakeStagehand:
    """One caster at a time, no media; its own casts. ``log`` holds what was asked; ``fails`` is raised by an offer."""

    def __init__(self) -> None:
        self.caster: Peer | None = None
        self.log: list[tuple[object, ...]] = []
        self.fails: Exception | None = None
        self.arrangement = SetLayout()

    @property
    def streams(self) -> dict[int, Peer]:
        return {STREAM: self.caster} if self.caster else {}

    def lay_out(self, layout: Layout) -> None:
        self.arrangement = SetLayout(layout, self.arrangement.focus)

    def focus(self, stream: int | None) -> None:
        self.arrangement = SetLayout(self.arrangement.layout, stream)

    def join(self, sender: Person) -> None:
        pass

    async def leave(self, sender: Person) -> None:
        await self.stop(sender.session_id)

    def methods(self, sender: Person) -> dict[str, Method]:
        return {}

    async def offer(self, sender: Person, sdp: str) -> tuple[str, int]:
        if self.caster not in (None, sender):
            assert self.caster is not None
            name = self.caster.sender_name
            raise Refusal(ErrorCode.BUSY, f"{name} is sharing now. Ask to take over, or wait.", sender=name)
        if self.fails is not None:
            raise self.fails
        assert isinstance(sender, Peer)
        self.caster = sender
        self.log.append(("offer", sdp))
        return f"answer to {sdp}", STREAM

    def stream_of(self, session_id: str) -> int | None:
        return STREAM if self.caster and self.caster.session_id == session_id else None

    async def quic(self, sender: Person) -> tuple[QuicOpened, int]:
        await self.offer(sender, "quic")
        return QuicOpened(STREAM, 4433, "/secret", bytes(32), {"VP8": 96, "opus": 111}), STREAM

    def candidate(self, sender: Person, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        self.log.append(("candidate", candidate, sdp_mid, sdp_mline_index))

    def pause(self, sender: Person) -> None:
        self.log.append(("pause",))

    def play(self, sender: Person) -> None:
        self.log.append(("play",))

    async def stop(self, session_id: str, reason: str = "") -> None:
        if self.caster and self.caster.session_id == session_id:
            self.caster = None
            self.log.append(("stop",))


class FakeSnapshots:
    """What the TV shows; a test may keep it waiting or have it fail."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.ready.set()
        self.fails: Exception | None = None

    async def take(self) -> bytes:
        await self.ready.wait()
        if self.fails is not None:
            raise self.fails
        return JPEG


@dataclass
class FakeDisplay:
    """The running display and the parts a test looks at."""

    desk: FrontDesk
    stagehand: FakeStagehand
    signs: FakeSigns
    devices: DeviceStore
    server: Server
    connections: Connections
    clock: SkippingClock
    port: int
    tls_port: int
    hosts: list[str]
    snapshots: FakeSnapshots
    sessions: Sessions
    hands: FakeHands

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    @property
    def wss(self) -> str:
        return f"wss://localhost:{self.tls_port}/"

    async def pin(self) -> str:
        assert self.signs.pin is not None
        return self.signs.pin


@asynccontextmanager
async def fake_display(folder: Path, web: Path) -> AsyncIterator[FakeDisplay]:
    """Serve with state in ``folder`` and static files from ``web``."""
    ours = parse_capability('ddp=2.1, transport=(ws h2), display=(mirror), codecs=("VP8" "H264"), pair=(cpace)')
    identity = load_identity(folder)
    display = Display(DISPLAY_ID, lambda: "Living room", identity, lambda: ours)
    devices, signs, stagehand = DeviceStore(folder), FakeSigns(), FakeStagehand()
    clock = SkippingClock()
    desk = FrontDesk(display, devices, signs, clock, clock.wall)
    desk.input.hands = hands = FakeHands()
    facts = Facts("Living room", 8443)
    screen = Screen(clock, (), "interactive", scene(facts))
    desk.commands = CommandDesk(screen, stagehand, Notices(screen, facts), DISPLAY_ID)
    sessions = Sessions()
    desk.on_revoked = sessions.revoke
    hosts, snapshots = ["localhost", "127.0.0.1"], FakeSnapshots()

    async def handler(channel: Channel) -> None:
        await Visit(desk, stagehand, sessions, channel).run()

    def negotiate(capability: str) -> str:
        common: Capability = intersect(ours, parse_capability(capability), frozenset({"pair"}))
        return str(common)

    async def meteor(channel: Channel) -> None:
        await MeteorPeer(desk, channel, lambda: certificate_hash(files.certificate)).run()

    desk.data.server.sources["displays"] = lambda: {DISPLAY_ID: {"display_id": DISPLAY_ID}}
    desk.data.server.sources["sessions"] = lambda: publications.sessions(sessions.all())
    site = Site(
        web,
        lambda: hosts,
        handler,
        meteor,
        negotiate,
        lambda: {"display_id": DISPLAY_ID},
        lambda: b"<root/>",
        snapshots.take,
        native=NativeDesk(desk, sessions, Devices(devices, desk, sessions).rows).answer,
    )
    connections, open_ = Connections(), Open()
    plain, secure = listen("127.0.0.1", 0, open_), listen("127.0.0.1", 0, open_)
    files = ensure_certificate(folder, "box", DISPLAY_ID, ["127.0.0.1"])
    server = Server(
        build_app(site, connections),
        connections,
        secure=[secure],
        plain=[plain],
        certificate=files.certificate,
        key=files.key,
    )
    keeper = asyncio.create_task(desk.secrets.run())
    server.start()
    try:
        ports = plain.port, secure.port
        yield FakeDisplay(
            desk, stagehand, signs, devices, server, connections, clock, *ports, hosts, snapshots, sessions, hands
        )
    finally:
        await server.stop()
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def paired(display: FakeDisplay, name: str = "Anna") -> DdpClient:
    """A sender of that name, paired by the PIN."""
    client = await DdpClient.connect(display.ws, name=name)
    await client.pair(display.pin)
    return client
