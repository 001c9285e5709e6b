"""The app process: makes all parts, wires them, and takes them down in order."""

import asyncio
import ipaddress
import logging
import signal
from collections.abc import Callable

from receiver.admin import SOCKET_NAME
from receiver.app import publications
from receiver.app.admin import AdminServer
from receiver.app.at_display import AtDisplay
from receiver.app.audit_desk import AuditDesk
from receiver.app.casting import Casting
from receiver.app.command_desk import CommandDesk
from receiver.app.console import ConsoleDesk
from receiver.app.desk import Display, FrontDesk
from receiver.app.devices import Devices
from receiver.app.facts import Facts, join_url, scene
from receiver.app.floor_desk import FloorDesk
from receiver.app.front import ANYWHERE, Front, capability
from receiver.app.hands import HandsProcess
from receiver.app.keys_desk import KeysDesk
from receiver.app.native_desk import NativeDesk
from receiver.app.notices import Notices
from receiver.app.peer import Peer
from receiver.app.screen import Screen
from receiver.app.sessions import Sessions
from receiver.app.tv_desk import TvDesk, schedule
from receiver.app.url_casting import Reach
from receiver.app.whip_desk import WhipDesk
from receiver.clock import MonotonicClock
from receiver.config import Config
from receiver.ddp.capabilities import Capability
from receiver.ddp.channel import Connections
from receiver.ddp.console import Console
from receiver.ddp.listen import Open
from receiver.ddp.whip import ENDPOINT
from receiver.discovery.service import Discovery
from receiver.launch import stage_arguments, this_board
from receiver.link import SetUpHands, SetUpTv, StageReady
from receiver.notify import Notify
from receiver.session.way_back import KINDS
from receiver.trust.identity_file import credentials_folder, load_identity
from receiver.trust.store import DeviceStore
from receiver.trust.stream_keys import StreamKeys

log = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Be a display until a signal or the closed window ends it; the exit status."""
    logging.basicConfig(
        level=config.log.level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S"
    )
    for chatty in ("asyncio", "aiortc", "aioice", "hypercorn.access", "zeroconf", "async_upnp_client"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return asyncio.run(_run(config))


async def _run(config: Config) -> int:
    stopping, notify = asyncio.Event(), Notify()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    receiver = Receiver(config, stopping.set)
    try:
        await receiver.start()
        notify.ready("Ready to be cast to")
        guard = asyncio.create_task(notify.guard())
        await stopping.wait()
    finally:
        notify.tell("STOPPING=1")
        await receiver.stop()
    guard.cancel()
    return 0


class Receiver:
    """All parts of the app process."""

    def __init__(self, config: Config, stop: Callable[[], None]) -> None:
        clock = MonotonicClock()
        state = config.paths.state_dir
        self._config = config
        self._identity = load_identity(state, credentials_folder())
        self._front = Front(config, Open())
        facts = Facts(config.display.name, self._front.https_port)
        self._screen = Screen(clock, stage_arguments(config, this_board()), config.pace.mode, scene(facts))
        self._screen.stage.on_window_closed = stop
        self._notices = Notices(self._screen, facts)
        self._casting = Casting(self._screen, Reach(config.cast.allow, config.cast.deny), config.cast.quic)
        self._casting.on_interrupted = self._notices.away
        self._casting.on_fallback = lambda: self._notices.toast("A video decoder failed; another one goes on")
        self._casting.on_live = lambda name: self._notices.toast(f"{name} is sharing")
        self._floor = FloorDesk(self._casting, self._notices, config.floor.mode, config.floor.places, clock)
        display = Display(config.display.id, lambda: config.display.name, self._identity, self._capability)
        store = DeviceStore(state, config.floor.first_is_owner)
        self._desk = FrontDesk(display, store, self._notices, clock)
        self._desk.commands = CommandDesk(self._screen, self._casting, self._notices, config.display.id)
        self._desk.commands.films = self._floor
        self._console = ConsoleDesk(self._desk.commands, self._screen, self._casting, self._notices)
        self._desk.data.server.sources["streams"] = lambda: publications.streams(self._casting.casts)
        self._desk.data.server.sources["settings"] = lambda: publications.settings(config)
        self._audit = AuditDesk(state, clock)
        self._desk.data.server.sources["audit"] = self._audit.documents
        self._desk.record = self._desk.commands.record = self._desk.back.record = self._audit.record
        self._floor.record = self._casting.record = self._desk.input.record = self._audit.record
        self._desk.input.presenters = self._floor.presenters
        self._floor.on_change = self._desk.input.settle
        self._hands = HandsProcess(
            clock,
            SetUpHands(config.input.device, config.input.layout, config.input.click == "enter"),
            SetUpTv(config.display.name) if config.tv.cec else None,
        )
        self._tv = TvDesk(self._hands, schedule(config), clock, self._screen_needed, lambda: self._screen.dark)
        self._at_display = AtDisplay(
            config, self._screen, self._casting, self._notices, self._desk, self._floor, self._hands, self._tv
        )
        self._sessions = Sessions()
        self._sessions.on_connected = self._connected
        self._desk.on_revoked = self._revoked
        devices = Devices(store, self._desk, self._sessions, self._appointed)
        stream_keys = StreamKeys(state)
        self._keys = self._desk.keys = KeysDesk(stream_keys, lambda: self._desk.wall_s)
        self._keys.address, self._keys.certificate = self._whip_address, self._front.certificate_hash
        self._whip = WhipDesk(stream_keys, self._floor, self._desk.commands, clock, lambda: self._desk.wall_s)
        self._whip.record = self._keys.record = self._audit.record
        self._keys.on_revoked = self._whip.revoked
        self._native = NativeDesk(self._desk, self._sessions, devices.rows)
        self._admin = AdminServer(
            config.paths.runtime_dir / SOCKET_NAME, self._screen, self.status, devices.answer, self._keys.answer
        )
        self._times: list[asyncio.Task[None]] = []
        self._discovery = Discovery(
            self._front.advertisement(display),
            self._moved,
            clock,
            ssdp=config.discovery.ssdp and not here_only(config),
            mdns=config.discovery.mdns and not here_only(config),
        )

    def _screen_needed(self) -> bool:
        facts = self._notices.facts
        return bool(facts.pin or facts.asking or any(True for _ in self._casting.casts))

    def _capability(self) -> Capability:
        ready = self._screen.ready
        return capability(ready.codecs if ready else (), () if self._at_display.lack() else KINDS)

    def _connected(self, peer: Peer, connected: bool) -> None:
        if connected or peer.casts:
            self._notices.away(f"{peer.session_id}/session", None if connected else peer.sender_name)

    def _appointed(self, peer: Peer) -> None:
        self._floor.join(peer)
        self._desk.input.join(peer)

    def _revoked(self, fingerprint: str) -> None:
        self._sessions.revoke(fingerprint)
        self._keys.device_revoked(fingerprint)

    def _whip_address(self) -> str:
        """Where tools send to, by the first address that others reach us by."""
        join = self._screen.scene.join_url or join_url("localhost", self._front.https_port)
        return join.rstrip("/") + ENDPOINT

    def _moved(self, addresses: list[str]) -> None:
        bind = self._config.http.bind
        addresses = [address for address in addresses if bind in ("", *ANYWHERE, address)]
        self._front.moved(addresses)
        self._notices.show_addresses(addresses)

    async def _snapshot(self) -> bytes:
        return (await self._screen.snapshot(1280, "jpeg")).image

    async def start(self) -> None:
        """Screen first, so that the room sees a sign of life; then the doors."""
        self._admin.start()
        self._hands.start()
        ready = await self._screen.start()
        await self._casting.start()
        await self._discovery.start()
        self._times = [
            asyncio.create_task(part.run()) for part in (self._desk.secrets, self._sessions, self._audit, self._tv)
        ]
        console = Console(self._console.status, self._console.run, self._keys.at_console)
        native = self._native.answer
        self._front.start(
            self._desk, self._floor, self._sessions, self._snapshot, Connections(), console, native, self._whip
        )
        print(self._banner(ready), flush=True)

    def _banner(self, ready: StageReady) -> str:
        front, here = self._front.status(), f"http://localhost:{self._front.port}"
        shown = self._screen.scene.join_url
        lines = [
            f"{self._config.display.name} is ready to be cast to.",
            f"  Screen  {ready.output}, {ready.width} × {ready.height}. {ready.output_reason}",
            f"  Sound   {ready.sound}. {ready.sound_reason}",
            f"  Join    {shown or join_url('localhost', front['https_port'])} from another machine, {here} on this one",
        ]
        if ready.output == "headless":
            lines.append(f"  Watch   {here}/tv shows what a screen would show")
        lines.append(f"  Console {here}/console shows what goes on, and takes commands")
        return "\n".join(lines)

    def status(self) -> dict[str, object]:
        """The answer to ``ddp-receiver status``."""
        ready = self._screen.ready
        facts = self._notices.facts
        return {
            "display_id": self._config.display.id,
            "display_name": self._config.display.name,
            "output": ready.output if ready else None,
            "output_reason": ready.output_reason if ready else "the stage is being started again",
            "sound": ready.sound if ready else None,
            "sound_reason": ready.sound_reason if ready else None,
            "codecs": list(ready.codecs) if ready else [],
            "stage_restarts": self._screen.stage.restarts,
            **self._front.status(),
            "join_url": self._screen.scene.join_url,
            "join_qr": self._screen.scene.join_qr,
            "pin": facts.pin,
            "casts": self._casting.status(),
            "stream_keys": len(self._keys.rows()),
            "floor": self._floor.status(),
            "input": {**self._desk.input.status(), **self._hands.status(), "back": self._desk.back.status()},
            "tv": self._tv.status(),
            "away": list(facts.away),
            "sessions": self._sessions.status(),
            "discovery": self._discovery.status(),
        }

    async def stop(self) -> None:
        """Goodbye to the network and the senders, and every process down, all at once: two seconds are short."""
        for times in self._times:
            times.cancel()
        parts = (self._discovery, self._casting, self._front, self._screen, self._hands, self._admin)
        await asyncio.gather(*(part.close() for part in parts))
        await self._audit.close()


def here_only(config: Config) -> bool:
    """Whether we listen on this machine's loopback alone, so that there is nothing to announce."""
    bind = config.http.bind
    return bool(bind) and ipaddress.ip_address(bind).is_loopback
